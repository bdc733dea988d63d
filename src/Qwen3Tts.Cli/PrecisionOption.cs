using System.CommandLine;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Cli;

/// <summary>How weights are held: the options of all commands that load a model to speak.</summary>
static class PrecisionOption
{
    const string Stored = "stored", Int8 = "int8", Int4 = "int4";

    public static Option<string> Create() => new Option<string>("--precision")
    {
        Description = "How weights are held: as stored, in bytes, or the talker's in four bits. The conversion is kept for " +
            "the next time in the folder that QWEN3TTS_CACHE names, by default .cache/qwen3tts. `qwen3tts quantize` writes a model.",
        HelpName = $"{Stored}|{Int8}|{Int4}",
        DefaultValueFactory = _ => Stored,
    }.OneOf(Stored, Int8, Int4);

    public static Option<bool> Map() => new("--map")
    {
        Description = "Use the weights where they lie in the system's cache of files instead of copying them: loading is faster, and " +
            "programs with the same model share the memory. The files must not become shorter meanwhile: that would end the program.",
    };

    public static WeightPrecision Precision(string word) => word switch
    {
        Int8 => WeightPrecision.Int8,
        Int4 => WeightPrecision.Int4,
        Stored => WeightPrecision.Stored,
        _ => throw new ArgumentOutOfRangeException(nameof(word), word, "There is no such precision."),
    };
}
