// One reader that is fuzzed: its valid files, how one of them is mutated, and what reads the set.
namespace Qwen3Tts.Fuzz;

/// <summary>A reader and its valid input.</summary>
public sealed class FuzzTarget
{
    /// <summary>Valid content by relative path. The reader must accept these.</summary>
    public required IReadOnlyDictionary<string, byte[]> Files { get; init; }

    /// <summary>Makes a mutated file from a valid one.</summary>
    public required Func<Mutator, string, byte[], byte[]> Mutate { get; init; }

    /// <summary>Reads the folder. Throws what the reader throws, or adds messages that a list of problems would have.</summary>
    public required Action<string, List<string>> Read { get; init; }

    /// <summary>After an input, takes away what the reader left in the folder, so that the next one begins as the first did.</summary>
    public Action<string> Clean { get; init; } = _ => { };

    /// <summary>Which of the files are mutated.</summary>
    public Func<string, bool> IsMutated { get; init; } = _ => true;

    /// <summary>Whether every message has to name the file or its folder.</summary>
    public bool MustNameFile { get; init; } = true;

    /// <summary>How many inputs count as one: a reader that takes longer gets fewer.</summary>
    public int Cost { get; init; } = 1;
}
