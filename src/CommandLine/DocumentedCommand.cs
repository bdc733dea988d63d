using System.CommandLine;

namespace Qwen3Tts.CommandLine;

/// <summary>A command whose help shows examples, and its options under headings.</summary>
class DocumentedCommand(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    readonly List<(string Heading, IReadOnlyList<Option> Options)> _groups = [];
    readonly List<(Option Option, string Example)> _expert = [];

    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>True if the same command goes on where Ctrl-C stopped it.</summary>
    public bool GoesOn { get; protected init; }

    /// <summary>Options under their headings. The help lists all others after them.</summary>
    public IReadOnlyList<(string Heading, IReadOnlyList<Option> Options)> Groups => _groups;

    /// <summary>Options that few need. The help's list leaves them out and shows them below it, each with its example.</summary>
    public IReadOnlyList<(Option Option, string Example)> Expert => _expert;

    /// <summary>Adds options that the help shows under a heading.</summary>
    protected void AddGroup(string heading, params IEnumerable<Option> options)
    {
        Option[] group = [.. options];
        foreach (var option in group)
            Add(option);
        _groups.Add((heading, group));
    }

    protected void AddForExperts(Option option, string example)
    {
        option.Hidden = true;
        Add(option);
        _expert.Add((option, example));
    }
}
