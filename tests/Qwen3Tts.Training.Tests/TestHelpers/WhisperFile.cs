// Writes a ggml file of a Whisper that says one sentence, whatever it hears. All its layers add nothing, so the embedding of a position is
// all that the last layer sees: it points to the word that comes next. The file has the layout of an English model of whisper.cpp.
using System.Text;

namespace Qwen3Tts.Tests;

static class WhisperFile
{
    const int Vocabulary = 51864, EndOfText = 50256; // of English models
    const int Width = 64, Layers = 4, AudioPositions = 100, TextPositions = 64, Mels = 80, Bins = 201;
    const float Word = 5, Position = 10; // large enough that the next word is certain

    /// <summary>Writes the model and returns its path.</summary>
    /// <param name="words">The words of the sentence, each with the space before it; at most 60.</param>
    public static string Write(params string[] words)
    {
        var path = Path.Combine(Scratch.New("whisper"), "ggml-sentence.bin");
        using var file = new BinaryWriter(File.Create(path));
        file.Write(0x67676d6c); // "ggml"
        foreach (var number in (int[])[Vocabulary, AudioPositions, Width, 1, Layers, TextPositions, Width, 1, Layers, Mels, 1])
            file.Write(number);
        file.Write(Mels);
        file.Write(Bins);
        file.Write(new byte[Mels * Bins * sizeof(float)]);
        string[] tokens = [.. words, " "]; // whisper.cpp looks for the blank
        file.Write(tokens.Length);
        foreach (var token in tokens.Select(Encoding.UTF8.GetBytes))
        {
            file.Write(token.Length);
            file.Write(token);
        }
        WriteTensors(file, words.Length);
        return path;
    }

    static void WriteTensors(BinaryWriter file, int words)
    {
        var (positions, tokens) = (new float[TextPositions * Width], new float[Vocabulary * Width]);
        for (var i = 0; i <= words; i++)
        {
            positions[i * Width + i] = Position; // after position i comes word i, or the end
            tokens[(i < words ? i : EndOfText) * Width + i] = Word;
        }
        Tensor(file, "encoder.positional_embedding", false, [Width, AudioPositions]);
        Tensor(file, "encoder.conv1.weight", true, [3, Mels, Width]);
        Tensor(file, "encoder.conv1.bias", false, [1, Width]);
        Tensor(file, "encoder.conv2.weight", true, [3, Width, Width]);
        Tensor(file, "encoder.conv2.bias", false, [1, Width]);
        Norm(file, "encoder.ln_post");
        Tensor(file, "decoder.positional_embedding", false, [Width, TextPositions], positions);
        Tensor(file, "decoder.token_embedding.weight", true, [Width, Vocabulary], tokens);
        Norm(file, "decoder.ln");
        for (var layer = 0; layer < Layers; layer++)
            foreach (var part in (string[])["encoder", "decoder"])
            {
                var block = $"{part}.blocks.{layer}";
                Norm(file, $"{block}.mlp_ln");
                Matrix(file, $"{block}.mlp.0", Width, 4 * Width);
                Matrix(file, $"{block}.mlp.2", 4 * Width, Width);
                foreach (var attention in part == "decoder" ? (string[])["attn", "cross_attn"] : ["attn"])
                {
                    Norm(file, $"{block}.{attention}_ln");
                    foreach (var matrix in (string[])["query", "key", "value", "out"])
                        Matrix(file, $"{block}.{attention}.{matrix}", Width, Width, hasBias: matrix != "key");
                }
            }
    }

    static void Norm(BinaryWriter file, string name)
    {
        Tensor(file, $"{name}.weight", false, [Width], [.. Enumerable.Repeat(1f, Width)]);
        Tensor(file, $"{name}.bias", false, [Width]);
    }

    static void Matrix(BinaryWriter file, string name, int from, int to, bool hasBias = true)
    {
        Tensor(file, $"{name}.weight", true, [from, to]);
        if (hasBias)
            Tensor(file, $"{name}.bias", false, [to]);
    }

    /// <summary>Zeros, unless there are values. Weights have 16 bits.</summary>
    static void Tensor(BinaryWriter file, string name, bool half, int[] shape, float[]? values = null)
    {
        file.Write(shape.Length);
        file.Write(name.Length);
        file.Write(half ? 1 : 0);
        foreach (var length in shape)
            file.Write(length);
        file.Write(Encoding.ASCII.GetBytes(name));
        var count = shape.Aggregate(1, (a, b) => a * b);
        if (values is null)
            file.Write(new byte[count * (half ? 2 : 4)]);
        else
            foreach (var value in values)
            {
                if (half)
                    file.Write((Half)value);
                else
                    file.Write(value);
            }
    }
}
