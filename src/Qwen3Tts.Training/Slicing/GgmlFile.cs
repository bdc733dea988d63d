// Checks the file of a Whisper model before whisper.cpp reads it, because that ends the process where a number in the file is wrong. The
// layout is that of ggml: a header of eleven numbers, mel filters, the vocabulary, and then tensors until the end of the file.
using System.Text;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Slicing;

sealed class GgmlFile
{
    const string Remedy = "Name a file of whisper.cpp such as ggml-base.bin, or download it again.";
    const int Magic = 0x67676d6c; // "ggml"
    const int Bins = 201; // frequencies of a window of 25 ms at 16 kHz

    /// <summary>The header, with the smallest and the largest number that makes sense.</summary>
    static readonly (string Name, int Least, int Most)[] Header =
    [
        ("n_vocab", 51864, 51866), ("n_audio_ctx", 8, 3000), ("n_audio_state", 8, 4096), ("n_audio_head", 1, 64),
        ("n_audio_layer", 1, 64), ("n_text_ctx", 16, 4096), ("n_text_state", 8, 4096), ("n_text_head", 1, 64), ("n_text_layer", 1, 64),
        ("n_mels", 80, 128), ("ftype", 0, 2014),
    ];

    /// <summary>Numbers in a block of each type of tensor, and the bytes that the block takes.</summary>
    static readonly Dictionary<int, (int Numbers, int Bytes)> Types = new()
    {
        [0] = (1, 4), // float32
        [1] = (1, 2), // float16
        [2] = (32, 18), // q4_0
        [3] = (32, 20), // q4_1
        [6] = (32, 22), // q5_0
        [7] = (32, 24), // q5_1
        [8] = (32, 34), // q8_0
        [10] = (256, 84), // q2_K
        [11] = (256, 110), // q3_K
        [12] = (256, 144), // q4_K
        [13] = (256, 176), // q5_K
        [14] = (256, 210), // q6_K
        [30] = (1, 2), // bfloat16
    };

    /// <summary>What ftype says, without its thousands, which count versions.</summary>
    static readonly int[] FileTypes = [0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14];

    readonly Stream _file;
    readonly BinaryReader _reader;
    readonly string _path;

    GgmlFile(Stream file, string path) => (_file, _reader, _path) = (file, new(file), path);

    /// <summary>Checks that a file has the parts of a Whisper model, whole.</summary>
    /// <exception cref="InvalidDataException">It has not.</exception>
    public static void Check(string path)
    {
        using var file = File.OpenRead(path);
        Check(file, Printable.Path(path));
    }

    /// <summary>The same for a stream that can seek.</summary>
    public static void Check(Stream file, string place) => new GgmlFile(file, place).Check();

    void Check()
    {
        if (_file.Length < sizeof(int) || _reader.ReadInt32() != Magic)
            throw new InvalidDataException($"{_path}: it does not begin as a ggml file does. {Remedy}");
        var header = Header.ToDictionary(h => h.Name, h => Number(h.Name, h.Least, h.Most));
        foreach (var side in (string[])["audio", "text"])
            if (header[$"n_{side}_state"] % header[$"n_{side}_head"] != 0)
                throw Wrong($"n_{side}_head is {header[$"n_{side}_head"]}, which does not divide n_{side}_state");
        var type = header["ftype"] % 1000;
        var block = type switch { < 2 => 1, < 10 => 32, _ => 256 }; // numbers that are stored together
        if (header["n_audio_state"] != header["n_text_state"] || !FileTypes.Contains(type) || header["n_text_state"] % block != 0)
            throw Wrong($"n_audio_state is {header["n_audio_state"]}, n_text_state {header["n_text_state"]} and ftype {header["ftype"]}, "
                + "which no Whisper has");
        Number("the number of mel bands", header["n_mels"], header["n_mels"]);
        Number("the number of frequencies", Bins, Bins);
        Skip((long)header["n_mels"] * Bins * sizeof(float), "the mel filters");
        CheckVocabulary(header["n_vocab"]);
        var tensors = 0;
        for (; _file.Position < _file.Length; tensors++)
            CheckTensor();
        if (tensors == 0)
            throw Wrong("it has no weights");
    }

    void CheckVocabulary(int most)
    {
        var hasBlank = false; // whisper.cpp looks for it
        for (var left = Number("the size of the vocabulary", 1, most); left > 0; left--)
        {
            var length = Number("the length of a token", 0, 1024);
            var token = _reader.ReadBytes(length);
            if (token.Length < length)
                throw Wrong("it ends within a token");
            hasBlank |= token is [(byte)' '];
        }
        if (!hasBlank)
            throw Wrong("its vocabulary has no blank");
    }

    void CheckTensor()
    {
        var dimensions = Number("the number of dimensions", 1, 3);
        var (length, type) = (Number("the length of a name", 1, 256), Number("the type of a tensor", 0, 255));
        List<int> shape = [.. Enumerable.Range(0, dimensions).Select(_ => Number("a dimension", 1, 1 << 28))];
        var bytes = _reader.ReadBytes(length);
        var name = Printable.Text(Encoding.UTF8.GetString(bytes));
        if (!Types.TryGetValue(type, out var block) || shape[0] % block.Numbers != 0)
            throw Wrong($"the tensor '{name}' of {shape[0]} columns has type {type}");
        var size = shape.Aggregate((Int128)block.Bytes, (product, n) => product * n) / block.Numbers;
        Skip(size > long.MaxValue ? long.MaxValue : (long)size, $"the tensor '{name}'");
    }

    int Number(string what, int least, int most)
    {
        if (_file.Length - _file.Position < sizeof(int))
            throw Wrong($"it ends before {what}");
        return _reader.ReadInt32() is var number && number >= least && number <= most ? number
            : throw Wrong($"{what} is {number}, expected {(least == most ? $"{least}" : $"{least} to {most}")}");
    }

    void Skip(long bytes, string what)
    {
        if (bytes > _file.Length - _file.Position)
            throw Wrong($"it ends within {what}");
        _file.Position += bytes;
    }

    InvalidDataException Wrong(string what) => new($"{_path}: at byte {_file.Position} {what}. {Remedy}");
}
