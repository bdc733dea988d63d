// One reader that is fuzzed: its valid files, how one of them is mutated, and the code that reads them.
namespace Qwen3Tts.Fuzz;

/// <summary>A reader and its valid input.</summary>
public sealed class FuzzTarget
{
    /// <summary>Valid content by relative path. The reader must accept it.</summary>
    public required IReadOnlyDictionary<string, byte[]> Files { get; init; }

    /// <summary>Makes the content of a mutated file from a valid one.</summary>
    public required Func<Mutator, string, byte[], byte[]> Mutate { get; init; }

    /// <summary>Reads the folder. Throws the reader's exception, or adds the messages of a list of problems.</summary>
    public required Action<string, List<string>> Read { get; init; }

    /// <summary>Removes after each input the files that the reader left in the folder, so that all inputs start equally.</summary>
    public Action<string> Clean { get; init; } = _ => { };

    /// <summary>The files that are mutated.</summary>
    public Func<string, bool> IsMutated { get; init; } = _ => true;

    /// <summary>True if every message must name the file or its folder.</summary>
    public bool MustNameFile { get; init; } = true;

    /// <summary>Number of inputs that one input of this target counts as: a slow reader gets fewer inputs.</summary>
    public int Cost { get; init; } = 1;
}
