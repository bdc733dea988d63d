using System.Text.Json;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Commands;

namespace Qwen3Tts.Tests;

/// <summary>
/// Each command of qwen3tts-train, run with its arguments: no output is an input, files of others stay, this program's own files are
/// replaced.
/// </summary>
public sealed class OutputCommandsTests
{
    const string IsRead = "is also read", IsTheirs = "did not write";

    readonly string _folder = Scratch.New("outputs");
    readonly string _model;

    public OutputCommandsTests()
    {
        _model = UntouchedFiles.Copy(Golden.Checkpoint(TrainerTests.Base), In("model"));
        Directory.CreateDirectory(In("src"));
        foreach (var (file, name) in Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal).Zip("abcdefgh"))
        {
            File.Copy(file, In("src", $"{name}.wav"));
            File.Copy(Path.ChangeExtension(file, ".txt"), In("src", $"{name}.txt"));
        }
        Write("list.jsonl", Line("src/a.wav", "One."), Line("src/b.wav", "Two."), Line("src/c.wav", "Three."));
        Write("theirs.jsonl", "theirs");
    }

    string In(params string[] parts) => Path.Combine([_folder, .. parts]);

    void Write(string name, params string[] lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllLines(In(name), lines);
    }

    static string Line(string audio, string text) => JsonSerializer.Serialize(new { audio, text, ref_audio = "src/d.wav" });

    /// <summary>Arguments in which every <c>@</c> is replaced by the scratch folder, and every <c>%</c> by prepared data.</summary>
    string[] Arguments(string line) =>
        [.. line.Split(' ').Select(a => a == "%" ? TrainerTests.Data.Value : a.Replace("@", _folder, StringComparison.Ordinal))];

    static int Run(string[] arguments, TextWriter errors) => CommandRun.Run(TrainingCommands.Root(), arguments, errors);

    void Refused(string words, string line) => UntouchedFiles.CheckRefusal(_folder, words, errors => Run(Arguments(line), errors));

    void Done(string line)
    {
        var errors = new StringWriter();
        Assert.True(Run(Arguments(line), errors) == 0, errors.ToString());
    }

    /// <summary>Adds a folder's files to its record, as if this program had written them, so that they may be replaced.</summary>
    void PutOnRecord(string folder)
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            var bytes = File.ReadAllBytes(file);
            File.Delete(file);
            OutputFile.Write(file, s => s.Write(bytes));
        }
    }

    [Theory]
    [InlineData(IsRead, "import @/list.jsonl -o @/list.jsonl")]
    [InlineData(IsRead, "import @/list.jsonl -o @/src/../list.jsonl")]
    [InlineData(IsRead, "import @/list.jsonl -o @/src/b.wav")]
    [InlineData(IsRead, "import @/list.jsonl -o @/src/d.wav")]
    [InlineData(IsRead, "import @/src -o @/src/a.txt")]
    [InlineData(IsTheirs, "import @/list.jsonl -o @/theirs.jsonl")]
    [InlineData(IsRead, "prepare @/list.jsonl -o @/list.jsonl --model @/model")]
    [InlineData(IsRead, "prepare @/src -o @/src/a.txt --model @/model")]
    [InlineData(IsRead, "prepare @/list.jsonl -o @/src/b.wav --model @/model")]
    [InlineData(IsRead, "prepare @/src -o @/new.jsonl --reference @/new.jsonl --model @/model", "new.jsonl")]
    [InlineData(IsRead, "prepare @/src -o @/model/config.json --model @/model")]
    [InlineData(IsTheirs, "prepare @/src -o @/theirs.jsonl --model @/model")]
    [InlineData(IsTheirs, "prepare @/src -o @/new.jsonl --model @/model", "new.jsonl.cache")]
    [InlineData(IsTheirs, "prepare @/src -o @/new.jsonl --model @/model", "new.html")]
    [InlineData(IsTheirs, "prepare @/src -o @/new.jsonl --model @/model", "new.changes.tsv")]
    [InlineData(IsTheirs, "prepare @/src -o @/new.jsonl --model @/model", "clips/b.wav")]
    [InlineData("Name another folder", "train % --name anna --model @/model --output @/model")]
    [InlineData("Name another folder", "train % --name anna --model @/model --output @/model --overwrite")]
    [InlineData(IsRead, "voice @/src --name anna --model @/model -o @/src")]
    [InlineData(IsRead, "voice @/src --name anna --model @/model -o @/model")]
    [InlineData(IsTheirs, "voice @/src --name anna --model @/model -o @/voice", "voice/anna.wav")]
    [InlineData(IsTheirs, "voice @/src --name anna --model @/model -o @/voice", "voice/codes.jsonl")]
    [InlineData(IsTheirs, "voice @/src --name anna --model @/model -o @/voice", "voice/codes.html")]
    [InlineData(IsRead, "voice @/src --name anna --model @/model -o @/voice --reference @/voice/anna.wav", "voice/anna.wav")]
    [InlineData(IsRead, "voice @/src --name anna --model @/model -o @/voice --grammar @/voice/codes.jsonl", "voice/codes.jsonl")]
    [InlineData(IsRead, "voice @/src --name anna --model @/model -o @/voice --dictionary @/voice/anna.wav", "voice/anna.wav")]
    [InlineData(IsRead, "demo --recordings @/src --model @/model --output @/demo", "demo/codes.jsonl.cache", "@demo=src")]
    [InlineData(IsTheirs, "demo --recordings @/src --model @/model --output @/demo", "demo/codes.jsonl.cache")]
    [InlineData(IsTheirs, "demo --recordings @/src --model @/model --output @/demo", "demo/index.html")]
    [InlineData(IsTheirs, "demo --recordings @/src --model @/model --output @/demo", "demo/speech/6-with-faults.wav")]
    public void IsRefusedAndNothingChanges(string words, string line, string? theirs = null, string? link = null)
    {
        if (theirs is not null)
            Write(theirs, "theirs");
        if (line.StartsWith("demo", StringComparison.Ordinal) && theirs != "demo/codes.jsonl.cache")
            OutputFile.WriteText(In("demo", "codes.jsonl.cache"), "# of an earlier demo\n"); // this file marks the folder as that of a demo
        if (link is not null)
        {
            File.WriteAllText(In("src", "codes.jsonl.cache"), "theirs");
            Directory.Delete(In("demo"), true);
            Directory.CreateSymbolicLink(In("demo"), In("src"));
        }
        Refused(words, line);
    }

    /// <summary>Report prepare-overwrites-source: the second clip is at the path where its trimmed version would be written.</summary>
    [Fact]
    public void NoPreparedClipIsASource()
    {
        Directory.CreateDirectory(In("out", "clips"));
        File.Copy(In("src", "b.wav"), In("out", "clips", "b.wav"));
        Write("both.jsonl", """{"audio": "src/a.wav", "text": "One."}""", """{"audio": "out/clips/b.wav", "text": "Two."}""");
        File.CreateSymbolicLink(In("linked"), In("out"));
        foreach (var output in new[] { "out", "linked" })
        {
            Done($"prepare @/both.jsonl -o @/{output}/codes.jsonl --model @/model");
            Assert.Equal(File.ReadAllBytes(In("src", "b.wav")), File.ReadAllBytes(In("out", "clips", "b.wav")));
            Assert.Equal(2, Directory.GetFiles(In("out", "prepared")).Length);
        }

        UntouchedFiles.Copy(In("src"), In("tree"));
        Directory.CreateDirectory(In("tree", "out", "clips"));
        File.CreateSymbolicLink(In("tree", "out", "clips", "a.wav"), In("tree", "a.wav"));
        Refused(IsRead, "prepare @/tree -o @/tree/out/codes.jsonl --model @/model");
    }

    [Fact]
    public void WhatWasWrittenBeforeIsReplaced()
    {
        foreach (var line in new[]
        {
            "import @/src -o @/out/manifest.jsonl",
            "prepare @/src -o @/out/codes.jsonl --model @/model",
            "export @/out/codes.jsonl --for ms-swift --model @/model --name anna -o @/swift",
        })
        {
            Done(line);
            Done(line);
        }
    }

    /// <summary>A model that this program exported has entries in a record; it is nevertheless an input.</summary>
    [Fact]
    public void AModelOfThisProgramIsNotAnOutput()
    {
        PutOnRecord(_model);
        foreach (var file in Directory.GetFiles(_model).Where(f => !Path.GetFileName(f).StartsWith('.')))
            Refused(IsRead, $"prepare @/src -o {file} --model @/model");
        Refused(IsRead, "export % --for ms-swift --model @/model --name anna -o @/model");
    }

    [Fact]
    public void ExportWritesOverNoInputAndNobodysFile()
    {
        Done("prepare @/src -o @/out/train.jsonl --model @/model");
        Refused(IsRead, "export @/out/train.jsonl --for ms-swift --model @/model --name anna -o @/out");
        foreach (var file in new[] { "train.jsonl", "valid.jsonl", "train.sh" })
        {
            Write($"swift-{file}/{file}", "theirs");
            Refused(IsTheirs, $"export @/out/train.jsonl --for ms-swift --model @/model --name anna -o @/swift-{file}");
        }
    }

    /// <summary>Report overwrite-deletes-foreign, from the command line.</summary>
    [Fact]
    public void ARunRemovesNobodysFile()
    {
        Write("p/options.json", "{}");
        Write("p/thesis.txt", "x");
        Write("p/photos/summer.jpg", "x");
        Write("parts/film.part", "x");
        Write("parts/big.part/film", "x");
        foreach (var run in new[] { "p", "parts" })
            foreach (var existing in new[] { "", " --overwrite", " --resume" })
                Refused("ame another folder", $"train % --name anna --model @/model --output @/{run}{existing}");
    }

    /// <summary>
    /// Prepared data in the run's own folder has entries in that folder's record; starting the run again would remove it.
    /// </summary>
    [Fact]
    public void ARunRemovesNoneOfItsInputs()
    {
        Done("prepare @/src -o @/run/codes.jsonl --model @/model");
        Refused("is an input", "train @/run/codes.jsonl --name anna --model @/model --output @/run --overwrite");
        PutOnRecord(_model);
        Directory.Move(_model, In("run", "export"));
        Refused("is an input", "train % --name anna --model @/run/export --output @/run --overwrite");
    }
}
