using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using static Qwen3Tts.Tests.TrainerTests;

namespace Qwen3Tts.Tests;

/// <summary>The run's folder: no file of others is lost, and two runs cannot use it at the same time.</summary>
public sealed class RunFolderTests
{
    static TrainingOptions Short => Options with { Steps = 2, WarmUp = 0 };

    /// <summary>Every file with its content, except the lock file, which stays.</summary>
    static Dictionary<string, string> Snapshot(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Where(f => !Path.GetFileName(f).StartsWith(".qwen3tts-lock", StringComparison.Ordinal))
            .ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(f)));

    static List<string> Notes(TrainingOptions options, string folder, Existing existing)
    {
        var observer = new NoteCollector();
        Trainer.Run(options, folder, existing, observer, default);
        return observer.Notes;
    }

    [Fact]
    public void AFolderThatNoRunBeganIsLeftAlone()
    {
        var folder = Scratch.New();
        foreach (var file in new[] { "options.json", "thesis.txt", "film.part", "big.part/film", "photos/summer.jpg" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), "{}");
        }
        var before = Snapshot(folder);
        foreach (var existing in Enum.GetValues<Existing>())
            Assert.ThrowsAny<Exception>(() => Run(Short, folder, existing));
        Assert.Contains("no record", Assert.Throws<IOException>(() => Run(Short, folder, Existing.Overwrite)).Message);
        Assert.Equal(before, Snapshot(folder));

        var parts = Scratch.New();
        File.WriteAllText(Path.Combine(parts, "film.part"), "years of work");
        Assert.Contains("not empty and holds no run", Assert.Throws<IOException>(() => Run(Short, parts)).Message);
        Assert.Equal("years of work", File.ReadAllText(Path.Combine(parts, "film.part")));
    }

    [Fact]
    public void FilesOfOthersStayWhenARunStartsAgain()
    {
        var folder = Fresh();
        Run(Short with { EvaluateEvery = 2 }, folder);
        var foreign = new[] { "thesis.txt", "export/notes.txt", "photos/summer.jpg", "takes/step-000000/mine.wav" };
        foreach (var file in foreign)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), "mine");
        }
        var error = Record.Exception(() => Run(Short, folder, Existing.Overwrite));
        Assert.True(error is null or IOException, error?.ToString()); // the notes in export/ may cause a refusal, but must not be lost
        Assert.All(foreign, file => Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, file))));
        File.Delete(Path.Combine(folder, "export", "notes.txt"));
        var notes = Notes(Short, folder, Existing.Overwrite);
        Assert.Contains(notes, n => n.Contains("thesis.txt", StringComparison.Ordinal)
            && n.Contains("summer.jpg", StringComparison.Ordinal));
        Assert.All(foreign.Where(f => !f.StartsWith("export", StringComparison.Ordinal)), file =>
            Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, file))));
        Assert.Equal(2, File.ReadLines(Path.Combine(folder, "log.jsonl")).Count());
    }

    /// <summary>A file of others with the name of a take is reported before training, not after it.</summary>
    [Fact]
    public void AFileInPlaceOfATakeIsReportedBeforeTheFirstStep()
    {
        var folder = Fresh();
        Run(Options with { EvaluateEvery = 2 }, folder, stopAfter: 3);
        var take = Path.Combine(folder, "takes", "step-000004", "1-1.wav");
        Directory.CreateDirectory(Path.GetDirectoryName(take)!);
        File.WriteAllText(take, "mine");
        foreach (var existing in new[] { Existing.Resume, Existing.Overwrite })
        {
            var before = Snapshot(folder);
            Assert.Contains("1-1.wav", Assert.Throws<IOException>(() => Run(Options with { EvaluateEvery = 2 }, folder, existing)).Message,
                StringComparison.Ordinal);
            Assert.Equal(before, Snapshot(folder));
        }
    }

    /// <summary>Killed between the two renames that replace the best checkpoint by a better one: the old one gets its name back.</summary>
    [Fact]
    public void TheBestCheckpointSurvivesAKillWhileItIsReplaced()
    {
        var folder = Fresh();
        Run(Options with { EvaluateEvery = 2 }, folder, stopAfter: 3);
        var best = Path.Combine(folder, "export");
        var kept = Directory.GetFiles(best).ToDictionary(f => f, File.ReadAllBytes);
        Directory.Move(best, $"{best}.{int.MaxValue}-1.qwen3tts-old"); // left by a process that has ended
        using (RunFolder.Open(folder, RunFolder.Begun(folder, Options), Existing.Resume))
            Assert.All(kept, f => Assert.Equal(f.Value, File.ReadAllBytes(f.Key)));
        Assert.DoesNotContain(Directory.GetDirectories(folder), d => d.Contains("qwen3tts-old", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatARunWroteGoesWhenAnotherBegins()
    {
        var folder = Fresh();
        Run(Short with { EvaluateEvery = 1, HeldOut = 2 }, folder);
        Assert.True(File.Exists(Path.Combine(folder, "evaluations.jsonl")));
        Assert.DoesNotContain(Notes(Short with { EvaluateEvery = 0 }, folder, Existing.Overwrite), n =>
            n.StartsWith("Left in", StringComparison.Ordinal));
        foreach (var gone in new[] { "evaluations.jsonl", "takes", "candidate" })
            Assert.False(Path.Exists(Path.Combine(folder, gone)), gone);
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "tensorboard")));
    }

    [Fact]
    public void AFileThatWasChangedIsNotReplaced()
    {
        var folder = Fresh();
        Run(Short, folder);
        var options = Path.Combine(folder, "options.json");
        File.AppendAllText(options, "\n");
        var changed = File.ReadAllText(options);
        Assert.Contains("options.json", Assert.Throws<IOException>(() => Run(Short, folder, Existing.Overwrite)).Message);
        Assert.Equal(changed, File.ReadAllText(options));
        File.Delete(options);
        Run(Short, folder, Existing.Overwrite); // the remedy
    }

    [Fact]
    public void TwoRunsDoNotMeetInOneFolder()
    {
        var (folder, refused) = (Fresh(), new List<string>());
        using var stop = new CancellationTokenSource();
        var first = Trainer.Run(Short, folder, Existing.Refuse, new AtStep(1, () =>
        {
            var before = Snapshot(folder);
            foreach (var existing in Enum.GetValues<Existing>())
                refused.Add(Assert.Throws<IOException>(() => Run(Short, folder, existing)).Message);
            Assert.Equal(before, Snapshot(folder));
        }), stop.Token);
        Assert.True(first.Finished);
        Assert.Equal(3, refused.Count);
        Assert.All(refused, r => Assert.Contains("in use", r));
        Assert.Equal(2, File.ReadLines(Path.Combine(folder, "log.jsonl")).Count());
        Run(Short, folder, Existing.Overwrite); // the lock file stays and is taken over
    }

    [Fact]
    public void AStateThatIsGoneIsMissed()
    {
        var folder = Fresh();
        Run(Options, folder, stopAfter: 3);
        Directory.Delete(Path.Combine(folder, "state"), true);
        var before = Snapshot(folder);
        var error = Assert.Throws<IOException>(() => Run(Options, folder, Existing.Resume)).Message;
        Assert.Contains("step 3", error);
        Assert.Contains("--overwrite", error);
        Assert.Equal(before, Snapshot(folder));
        Assert.True(Run(Options, folder, Existing.Overwrite).Finished);
        Assert.True(Run(Options, folder, Existing.Resume).Finished); // its state was removed on purpose
    }

    [Fact]
    public void ARunThatWasKilledBeforeItsFirstStateBeginsAgain()
    {
        var (folder, whole) = (Fresh(), Run(Options, Fresh()));
        Assert.Throws<InvalidOperationException>(
            () => Trainer.Run(Options, folder, Existing.Refuse, new AtStep(2, () => throw new InvalidOperationException("killed")),
            default));
        Assert.Equal(whole.Log.Lines(), Run(Options, folder, Existing.Resume).Log.Lines());
    }

    [Fact]
    public void AFolderInPlaceOfTheStateIsReported()
    {
        var folder = Fresh();
        Run(Options, folder, stopAfter: 3);
        var state = Path.Combine(folder, "state", "training.safetensors");
        File.Delete(state);
        Directory.CreateDirectory(state);
        Assert.Contains("is a folder", Assert.Throws<IOException>(() => Run(Options, folder, Existing.Resume)).Message);
    }

    [Fact]
    public void ARankBeyondTheMatricesIsRefusedBeforeItIsAllocated()
    {
        foreach (var rank in new[] { 100_000_000, int.MaxValue })
        {
            var folder = Fresh();
            var error = Assert.Throws<ArgumentException>(
                () => Run(Options with { Lora = new() { Rank = rank, Alpha = 2.0 * rank } }, folder)).Message;
            Assert.Contains($"--lora is {rank}", error);
            Assert.False(Directory.Exists(folder));
        }
    }

    [Fact]
    public void WhatTrainingDoesNotNeedDoesNotEndIt()
    {
        var (folder, whole) = (Fresh(), Run(Options with { EvaluateEvery = 4 }, Fresh()));
        var observer = new NoteCollector();
        observer.AtFirstStep = () =>
        {
            foreach (var file in new[] { "index.html", "evaluations.jsonl" }) // files that the page and an evaluation write
            {
                File.Delete(Path.Combine(folder, file));
                Directory.CreateDirectory(Path.Combine(folder, file));
            }
            foreach (var events in Directory.GetFiles(Path.Combine(folder, "tensorboard")))
            {
                File.Delete(events);
                Directory.CreateDirectory(events);
            }
        };
        var result = Trainer.Run(Options with { EvaluateEvery = 4 }, folder, Existing.Refuse, observer, default);
        var notes = observer.Notes;
        Assert.True(result.Finished);
        foreach (var told in new[] { "index.html", "TensorBoard", "evaluation of step 4" })
            Assert.Contains(notes, n => n.Contains(told, StringComparison.Ordinal) && n.StartsWith("Warning: ", StringComparison.Ordinal));
        Assert.Single(notes, n => n.Contains("TensorBoard", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(folder, "candidate")));
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(result.Export, "model.safetensors")));
    }
}
