// Checks rules that the compiler does not check: which folder may use which, where `unsafe` and native code may be used, how long a file
// may be, and that no file has a path of the machine it was written on. The sources are read as text; comments and strings are ignored.
using System.Text.RegularExpressions;

namespace Qwen3Tts.Tests;

public sealed class ArchitectureTests
{
    /// <summary>The folders (or projects) that each folder may use. "Root" stands for the files of src/Qwen3Tts itself.</summary>
    static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Files"] = [],
        ["Hub"] = ["Files"], // finds and downloads models
        ["Audio"] = ["Files"],
        ["Text"] = ["Files"],
        ["Sequence"] = ["Files"],
        ["Checkpoint"] = ["Files", "Kernels"], // uses the types of weights and the conversion of BF16
        ["Kernels"] = [],
        ["Statistics"] = [],
        ["Layers"] = ["Files", "Kernels", "Checkpoint"],
        ["Codec"] = ["Layers", "Files", "Kernels", "Audio", "Checkpoint"],
        ["Speaker"] = ["Layers", "Files", "Kernels", "Audio", "Checkpoint"],
        ["Talker"] = ["Layers", "Files", "Kernels", "Sequence", "Checkpoint"],
        ["Loading"] = ["Talker", "Speaker", "Kernels", "Checkpoint", "Files"], // the networks of a model folder
        ["Generation"] = ["Files", "Talker", "Codec", "Sequence", "Audio", "Statistics"],
        ["Voices"] = ["Files", "Checkpoint", "Generation"], // voices in files of their own
        ["Data"] = ["Files", "Audio", "Text", "Sequence"], // reads and writes lists of recordings
        ["Listening"] = ["Files", "Audio", "Statistics"], // runs speech recognisers, which are separate programs
        ["Likeness"] = ["Audio", "Speaker"], // figures of speech beside its words
        ["Doctor"] = ["Data", "Listening", "Likeness", .. Library],
        ["Root"] = ["Hub", .. Library],
        ["CommandLine"] = ["Files", "Hub"], // compiled into both programs
        ["Training"] = ["Root", "Hub", "Doctor", "Data", "Listening", "Likeness", "CommandLine", .. Library],
        ["Server"] = ["Root", "Hub", "Doctor", "Data", "Listening", "Likeness", .. Library],
        ["Extensions.AI"] = ["Root", "Hub", "Audio", "Generation", "Voices", "Files"], // of Files, Printable.cs is compiled into it
        ["Cli"] = ["Root", "Hub", "Doctor", "Data", "Listening", "Server", "CommandLine", .. Library],
    };

    static string[] Library => ["Files", "Audio", "Text", "Sequence", "Checkpoint", "Kernels", "Layers", "Codec", "Speaker", "Talker",
        "Loading", "Generation", "Voices", "Statistics"];

    /// <summary>
    /// The folders of the trainer, from the lowest to the highest, with the folders that each may use. A folder stands in the table after
    /// all folders that it uses, so there are no cycles.
    /// </summary>
    static readonly (string Subfolder, string[] MayUse)[] TrainingFolders =
    [
        ("Options", []),
        ("Memory", ["Options"]),
        ("Optimizer", ["Options", "Memory"]),
        ("Model", ["Options", "Memory"]),
        ("Step", ["Options", "Memory", "Optimizer", "Model"]),
        ("Log", ["Options"]),
        ("Onnx", ["Options"]), // models of the user's own
        ("Data", []),
        ("Slicing", []), // from long recordings to clips
        ("Review", ["Data"]),
        ("Batching", ["Options", "Data", "Memory", "Model"]),
        ("Pages", ["Options", "Data", "Log"]),
        ("Run", ["Options", "Data", "Memory", "Optimizer", "Model", "Step", "Batching", "Log", "Onnx", "Pages"]),
        ("Bench", ["Options", "Memory", "Optimizer", "Model", "Step"]),
        ("Commands", ["Options", "Data", "Slicing", "Review", "Memory", "Model", "Log", "Onnx", "Pages", "Run", "Bench"]),
        ("Program", ["Commands"]),
    ];

    static readonly List<SourceFile> Sources = SourceFile.All();

    [Fact]
    public void EachFolderOfTheTrainerUsesOnlyFoldersAboveItInTheTable()
    {
        var subfolders = TrainingFolders.ToDictionary(r => r.Subfolder, r => r.MayUse);
        Report(
            from i in Enumerable.Range(0, TrainingFolders.Length)
            from used in TrainingFolders[i].MayUse
            where TrainingFolders.Take(i).All(r => r.Subfolder != used)
            select $"{TrainingFolders[i].Subfolder} uses {used}, which does not stand above it in the table.",
                "Order the table from the lowest folder to the highest.");
        Report(
            from source in Sources
            where source.Folder == "Training"
            let mayUse = subfolders.GetValueOrDefault(source.Subfolder)
            let expected = source.Subfolder == "Program" ? null : $"Qwen3Tts.Training.{source.Subfolder}"
            from problem in mayUse is null ? [$"{source.Path}: folder '{source.Subfolder}' is not in the table of this test."]
                : source.OwnNamespace != expected ? [$"{source.Path}: namespace {source.OwnNamespace}, expected {expected}."]
                : source.UsedSubfolders(subfolders.Keys).Where(u => u.Subfolder != source.Subfolder && !mayUse.Contains(u.Subfolder))
                    .Select(u => $"{source.Path}({u.Line}): {source.Subfolder} may use {string.Join(", ", mayUse)}, not {u.Subfolder}.")
            select problem,
            "Move the code to where it may know both, or hand the value in as an argument; the table is not widened for convenience.");
    }

    [Fact]
    public void EachFolderUsesOnlyWhatTheTableAllows()
    {
        var declared = Sources.ToLookup(s => s.Folder, s => s.Types).ToDictionary(g => g.Key, g => g.SelectMany(t => t).ToHashSet());
        var broken = from source in Sources
                     from use in source.Uses(declared)
                     where use.Folder != source.Folder && !MayUse.GetValueOrDefault(source.Folder, []).Contains(use.Folder)
                     let some = MayUse.GetValueOrDefault(source.Folder, [])
                     let may = some.Length > 0 ? string.Join(", ", some) : "nothing of ours"
                     select $"{source.Path}({use.Line}): '{use.Text}' — {source.Folder} may use {may}, not {use.Folder}.";
        Report(broken, "Move the code to where it may know both, or hand the value in as an argument; the table above is not widened for " +
            "convenience.");
    }

    [Fact]
    public void EachFileStandsInItsFoldersNamespace()
    {
        var broken = from source in Sources
                     where MayUse.ContainsKey(source.Folder) ? source.Namespace is { } n && n != source.Expected : true
                     select MayUse.ContainsKey(source.Folder) ? $"{source.Path}: namespace {source.Namespace}, expected {source.Expected}."
                         : $"{source.Path}: folder '{source.Folder}' is not in the table of this test.";
        Report(broken, "One namespace per folder, named like it; a new folder needs a row in the table.");
    }

    [Fact]
    public void NoUnsafeCodeWherePlainDotNetWillDo() => Report(
        from source in Sources
        where source.Folder is "Audio" or "Text" or "Sequence"
        from line in source.LinesWith(@"\bunsafe\b|\bUnsafe\.|\bMemoryMarshal\.GetReference\b")
        select $"{source.Path}({line.Number}): {line.Text.Trim()}",
        "Audio, Text and Sequence are plain .NET; fast code belongs into Kernels.");

    [Fact]
    public void TheInferenceSideHasNoNativeCode()
    {
        const string Native = @"\bTorchSharp\b|\bOnnxRuntime\b|\bWhisper\.net\b|\bDllImport\b|\bLibraryImport\b|\bNativeLibrary\b|"
            + @"\bQwen3Tts\.Training\b";
        const string Package = "Include=\"([^\"]*([Tt]orch|OnnxRuntime|Whisper|Training\\.csproj)[^\"]*)\"";
        var code = from source in Sources
                   where source.Folder != "Training"
                   from line in source.LinesWith(Native)
                   select $"{source.Path}({line.Number}): {line.Text.Trim()}";
        var projects = from file in Directory.GetFiles(Path.Combine(Golden.Repository, "src"), "*.csproj", SearchOption.AllDirectories)
                       where !file.EndsWith("Qwen3Tts.Training.csproj", StringComparison.Ordinal)
                       from Match match in Regex.Matches(File.ReadAllText(file), Package)
                       select $"{Path.GetRelativePath(Golden.Repository, file)}: refers to {match.Groups[1].Value}";
        Report(code.Concat(projects),
            "TorchSharp and native libraries belong to src/Qwen3Tts.Training alone; the command hands over to qwen3tts-train by starting " +
            "it.");
    }

    [Fact]
    public void FilesAreShortOrSayWhyNot() => Report(
        from source in Sources
        where source.Folder != "Kernels" && source.Code.Length > 250 && !source.Head.Contains("250 lines", StringComparison.Ordinal)
        select $"{source.Path}: {source.Code.Length} lines.",
        "Split it where a reader would, or say in the comment at its head why it stays one file (with the words '250 lines').");

    [Fact]
    public void NoFileKnowsTheMachineItWasWrittenOn()
    {
        // The pattern is assembled from parts, so that it does not match this file.
        var places = new Regex(string.Join('|', new[] { "work", "root", "tmp", "home" }.Select(p => $@"(?<![\w.~}}\])])/{p}/\w")
            .Append(@"[A-Z]:\\" + "Users")));
        Report(
            from file in RepositoryFiles()
            from line in File.ReadLines(file).Select((text, i) => (Text: text, Number: i + 1))
            where places.IsMatch(line.Text)
            select $"{Path.GetRelativePath(Golden.Repository, file)}({line.Number}): {places.Match(line.Text).Value}…",
            "Use a path inside the repository, an option, or an environment variable.");
    }

    /// <summary>Tests the reader of sources: it finds every way to use another folder, and ignores comments and strings.</summary>
    [Theory]
    [InlineData("using Qwen3Tts.Codec;", "Codec")]
    [InlineData("using static Qwen3Tts.Codec.CodecModel;", "Codec")]
    [InlineData("using C = Qwen3Tts.Codec.CodecModel;", "Codec")]
    [InlineData("var c = new Qwen3Tts.Codec.CodecModel();", "Codec")]
    [InlineData("var c = new Codec.CodecModel();", "Codec")]
    [InlineData("var t = Tts.Load(folder);", "Root")]
    [InlineData("// using Qwen3Tts.Codec;", null)]
    [InlineData("var s = \"Qwen3Tts.Codec\"; /* Tts */", null)]
    [InlineData("var n = utterance.Codec.CodecModel; var m = Codec.Other;", null)]
    public void TheReaderFindsEveryUse(string line, string? folder)
    {
        var declared = new Dictionary<string, HashSet<string>> { ["Codec"] = ["CodecModel"], ["Root"] = ["Tts"], ["Audio"] = [] };
        var uses = SourceFile.Parse("x.cs", "Audio", $"namespace Qwen3Tts.Audio;\n{line}\n").Uses(declared).Select(u => u.Folder)
            .Distinct();
        Assert.Equal(folder is null ? [] : [folder], uses);
    }

    /// <summary>
    /// The text files that would be committed, without build output. (A downloaded archive has no git repository to ask.)
    /// </summary>
    static IEnumerable<string> RepositoryFiles()
    {
        string[] text = [".cs", ".csproj", ".props", ".targets", ".slnx", ".json", ".jsonl", ".md", ".txt", ".yml", ".sh", ".html", ".js",
            ".css", ".editorconfig", ".gitignore", ".gitattributes", "run"];
        return from entry in Directory.GetFileSystemEntries(Golden.Repository)
               where Path.GetFileName(entry) is not (".git" or "artifacts" or "runs" or "out" or ".vs" or "TestResults")
               from file in Directory.Exists(entry) ? Directory.GetFiles(entry, "*", SearchOption.AllDirectories) : [entry]
               where text.Contains(Path.GetExtension(file) is { Length: > 0 } extension ? extension : Path.GetFileName(file))
               select file;
    }

    static void Report(IEnumerable<string> broken, string remedy)
    {
        var list = broken.Order(StringComparer.Ordinal).ToList();
        Assert.True(list.Count == 0, $"{string.Join("\n", list)}\n{remedy}");
    }
}
