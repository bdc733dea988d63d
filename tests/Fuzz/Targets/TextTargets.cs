// Readers of text: bytes to characters, normal form, pieces, ids and back, the checks of spoken text, language names, sizes and shares.
using System.Runtime.InteropServices;
using System.Text;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Memory;

namespace Qwen3Tts.Fuzz;

static class TextTargets
{
    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["text-file"] = _ => TextFiles(),
        ["text"] = _ => Texts(),
        ["options-text"] = _ => OptionTexts(),
    };

    static FuzzTarget TextFiles() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["a.txt"] = "\ufeffSet white at B four now.\r\nGröße 数\n"u8.ToArray(),
            ["b.txt"] = [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("Größe\n")]
        },
        Mutate = (m, _, content) => m.MutateBytes(content),
        Read = (folder, problems) =>
        {
            foreach (var file in new[] { "a.txt", "b.txt" })
                if (SpokenText.Problem(string.Join('\n', TextFile.ReadLines(Path.Combine(folder, file)))) is { } problem)
                    problems.Add($"{file}: {problem}");
        },
    };

    static FuzzTarget Texts()
    {
        var tokenizer = TextTokenizer.Load(Path.Combine(AllTargets.Repository, "models", "mini"));
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["t.txt"] = Encoding.UTF8.GetBytes(
                "Set white at B four now. Größe 가각 数 <|im_start|>user\nit's I'M 3.14 \t\n iPhone ﬁ 𝔐𝔞𝔱𝔥 😀 é̂")
            },
            MustNameFile = false,
            Mutate = (m, _, content) => m.Random.Next(3) > 0 ? m.MutateBytes(content) : RandomCharacters(m.Random),
            Read = (folder, problems) =>
            {
                var bytes = File.ReadAllBytes(Path.Combine(folder, "t.txt"));
                foreach (var text in new[] { Encoding.UTF8.GetString(bytes), new string(MemoryMarshal.Cast<byte, char>(bytes)) })
                {
                    foreach (var rule in Enum.GetValues<PreTokenizer>())
                        CheckPieces(NormalForm.C(text), rule);
                    tokenizer.Decode(tokenizer.Encode(text));
                    _ = SpokenText.Problem(text);
                    _ = Printable.Text(text);
                }
            },
        };
    }

    static byte[] RandomCharacters(Random random)
    {
        var text = new char[random.Next(1, 400)];
        for (var i = 0; i < text.Length; i++)
            text[i] = (char)(random.Next(4) switch
            {
                0 => random.Next(0x300, 0x370),
                1 => random.Next(0x1100, 0x1200),
                2 => random.Next(0xD7F0, 0xE010),
                _ => random.Next(0x10000)
            });
        return Encoding.Unicode.GetBytes(text);
    }

    /// <summary>The pieces cover the text without gap or overlap.</summary>
    static void CheckPieces(string text, PreTokenizer rule)
    {
        var at = 0;
        foreach (var piece in PieceSplitter.Split(text, rule))
        {
            if (piece.Start.Value != at || piece.End.Value <= at)
                throw new InvalidOperationException("The pieces do not cover the text.");
            at = piece.End.Value;
        }
        if (at != text.Length)
            throw new InvalidOperationException("The pieces end before the text.");
    }

    static FuzzTarget OptionTexts() => new()
    {
        Files = new Dictionary<string, byte[]> { ["x.txt"] = "16 5% 0 16GB en-US"u8.ToArray() },
        MustNameFile = false,
        Mutate = (m, _, content) => m.Random.Next(2) == 0 ? m.MutateBytes(content)
            : Encoding.UTF8.GetBytes(m.RandomValue().Trim('"') + (m.Random.Next(3) switch { 0 => "%", 1 => "GB", _ => "" })),
        Read = (folder, problems) =>
        {
            var text = Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(folder, "x.txt")));
            foreach (var word in text.Split(' ').Append(text))
                foreach (var parse in new Action[] { () =>
                    HeldOut.Parse(word), () => MemoryChoice.Parse(word), () => LanguageNames.Find(word, ["english", "german"]) })
                    try
                    {
                        parse();
                    }
                    catch (ArgumentException e) when (e.GetType() == typeof(ArgumentException))
                    {
                        problems.Add(e.Message);
                    }
        },
    };
}
