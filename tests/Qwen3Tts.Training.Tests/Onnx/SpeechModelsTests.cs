using System.CommandLine;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Onnx;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using static Qwen3Tts.Tests.OnnxFile;

namespace Qwen3Tts.Tests;

/// <summary>Models of the user's own measure speech. The models of these tests are so small that their answers are known.</summary>
public sealed class SpeechModelsTests
{
    /// <summary>Samples of +level and -level in turn: the mean of |x| is the level, and that of x² its square.</summary>
    static Waveform Square(double level, int samples = 16000, int rate = 16000) =>
        new([.. Enumerable.Range(0, samples).Select(i => (float)(i % 2 == 0 ? level : -level))], rate);

    static SpeechModels Open(string? speaker = null, string? mos = null) => SpeechModels.Open(new() { Speaker = speaker, Mos = mos });

    [Fact]
    public void SimilarityIsTheCosineAndTheLastNumberIsTheScore()
    {
        using var models = Open(Means(), Means());
        var (loud, quiet) = (models.Embed(Square(0.5))!, models.Embed(Square(0.25))!); // along (2, 1) and (4, 1)
        Assert.Equal(2 / Math.Sqrt(5), loud[0], 1e-6);
        Assert.Equal(9 / Math.Sqrt(85), models.Similarity(loud, quiet), 1e-6);
        Assert.Equal(1, models.Similarity(loud, models.Mean([loud, loud])), 1e-6);
        Assert.Equal(0.25, models.Score(Square(0.5))!.Value, 1e-6);
    }

    [Fact]
    public void AModelThatIsNotNamedMeasuresNothing()
    {
        using var models = Open(mos: Means());
        Assert.Null(models.Embed(Square(0.5)));
        using var others = Open(speaker: Means());
        Assert.Null(others.Score(Square(0.5)));
    }

    [Theory]
    [InlineData(4000, 0.5)] // repeated
    [InlineData(8000, 0.5)]
    [InlineData(12000, 0.375)] // two parts, 0 to 8000 and 4000 to 12000; half of the second one is silent
    public void SpeechIsRepeatedOrCutForAModelOfOneLength(int samples, double expected)
    {
        using var model = OnnxModel.Open("--mos-model", Means(length: 8000), null);
        var speech = Square(0.5, samples);
        speech.Samples.AsSpan(Math.Min(samples, 8000)).Clear();
        Assert.Equal(expected, model.Run(speech)[0], 1e-6);
    }

    [Fact]
    public void TheRateIsThatOfTheOptionOfTheFileOr16000()
    {
        int Rate(string file, int? option = null)
        {
            using var model = OnnxModel.Open("--speaker-model", file, option);
            return model.Rate;
        }
        Assert.Equal(16000, Rate(Means()));
        Assert.Equal(8000, Rate(Means(null, ("sample_rate", "8000"))));
        Assert.Equal(24000, Rate(Means(null, ("sample_rate", "8000")), 24000));
    }

    [Fact]
    public void FilterBanksAreGivenToAModelThatTakesThem()
    {
        using var model = OnnxModel.Open("--speaker-model", LargestOfBands(), null);
        var speech = KaldiFilterBankTests.Noise(0.7, 16000);
        var rows = KaldiFilterBank.Compute(speech);
        Assert.Equal(Enumerable.Range(0, 80).Select(band => Enumerable.Range(0, rows.Length / 80).Max(row => rows[row * 80 + band])),
            model.Run(speech));
        Assert.Contains("too short", Assert.Throws<InvalidDataException>(() => model.Run(KaldiFilterBankTests.Noise(0.02, 16000))).Message);
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { "missing", "the file is not there" },
        { "a folder", "it is a folder" },
        { "a wrong rate", "its property sample_rate is '16k', expected 8000 to 48000. Give the rate" },
        { "text", "ONNX Runtime does not load it" },
        { "two inputs", "2 inputs (wave, rate)" },
        { "whole numbers", "the types Int64 and Int64, expected float32" },
        { "a batch of two", "the shape [2, any], expected a waveform" },
        { "bands first", "the shape [any, 80, any], expected a waveform" },
        { "a score", "one number, expected an embedding" },
        { "frames", "numbers for different recordings" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void AFileThatDoesNotFitIsRefused(string what, string message)
    {
        var wave = new Value("wave", Float32, 1, null);
        var path = what switch
        {
            "missing" => "nowhere.onnx",
            "a folder" => Scratch.New("onnx"),
            "a wrong rate" => Means(null, ("sample_rate", "16k")),
            "text" => Path.Combine(Scratch.New("onnx"), "text.onnx"),
            "two inputs" => Plain("Mul", [wave, new("rate", Float32, 1)], new("y", Float32, 1, null)),
            "whole numbers" => Plain("Abs", [new("wave", Whole, 1, null)], new("y", Whole, 1, null)),
            "a batch of two" => Plain("Abs", [new("wave", Float32, 2, null)], new("y", Float32, 2, null)),
            "bands first" => Plain("Abs", [new("feats", Float32, null, 80, null)], new("y", Float32, null, 80, null)),
            "a score" => Plain("ReduceMean", [wave], new("y", Float32), ("keepdims", 0)),
            _ => Plain("Abs", [wave], new("y", Float32, 1, null)),
        };
        if (what == "text")
            File.WriteAllText(path, "This is no network.");
        var refusal = Assert.ThrowsAny<Exception>(() =>
        {
            using var models = Open(path);
            models.Mean([models.Embed(Square(0.5))!, models.Embed(Square(0.5, 9000))!]);
        });
        Assert.True(CommandRun.IsUsersMistake(refusal));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"--speaker-model '{path}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEmbeddingIsNoScore() => Assert.Contains("it gives 80 numbers, expected a score",
        Assert.Throws<InvalidDataException>(() => Open(mos: LargestOfBands())).Message, StringComparison.Ordinal);

    /// <summary>Before the run's folder exists.</summary>
    [Theory]
    [InlineData("--speaker-model", "nowhere.onnx", "the file is not there")]
    [InlineData("--mos-model-rate", "8000", "needs --mos-model")]
    public void TheCommandRefusesThemBeforeItWorks(string option, string value, string message)
    {
        using var errors = new StringWriter();
        var run = Path.Combine(Scratch.New("run"), "run");
        Assert.Equal(CommandRun.UsersMistake, CommandRun.Run(TrainingCommands.Root(),
            ["train", PreflightTests.Nora.Value, "--model", Mini.Model, "--name", "nora", "-o", run, option, value], errors));
        Assert.Contains(message, errors.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public void ARunShowsWhatTheyMeasureOfTakesAndRecordings()
    {
        var (data, folder) = (Scratch.New("data"), TrainerTests.Fresh());
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(TrainerTests.Data.Value)!))
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        for (var i = 0; i < 7; i++)
            File.Copy(Path.Combine(data, "one.wav"), Path.Combine(data, $"{i}.wav")); // the recordings that the list names
        var own = new OwnModels { Speaker = Means(), Mos = Means() };
        TrainerTests.Run(TrainerTests.Options with { Data = Path.Combine(data, "codes.jsonl"), EvaluateEvery = 8, OwnModels = own }, folder,
            stopAfter: 1);
        var clone = Evaluation.ReadAll(folder)[0];
        Assert.Equal(own, clone.OwnModels);
        foreach (var take in clone.Takes)
        {
            var samples = AudioFile.Read(Path.Combine(folder, take.File)).ToRate(16000).Samples;
            Assert.Equal(samples.Average(s => s * (double)s), take.Models!.Mos!.Value, 1e-4);
            Assert.InRange(take.Models.Similarity!.Value, 0.9, 1.0001); // both numbers are positive, the second one is small
        }
        Assert.InRange(clone.RecordingModels!.Similarity!.Value, 0.9, 1.0001);
        var page = File.ReadAllText(Path.Combine(folder, "index.html"));
        Assert.Contains("similarity by model.onnx", page, StringComparison.Ordinal);
        Assert.Contains("score by model.onnx", page, StringComparison.Ordinal);
    }

    /// <summary>Training needs no evaluation.</summary>
    [Fact]
    public void AModelThatFailsDuringARunIsReportedAndTrainingGoesOn()
    {
        using var stop = new CancellationTokenSource();
        var (folder, observer) = (TrainerTests.Fresh(), new NoteCollector { AtFirstStep = stop.Cancel });
        var result = Trainer.Run(TrainerTests.Options with { EvaluateEvery = 8, OwnModels = new() { Mos = "gone.onnx" } }, folder,
            Existing.Refuse, observer, stop.Token);
        Assert.Single(result.Log);
        Assert.Contains(observer.Notes, n => n.Contains("a model of yours failed", StringComparison.Ordinal)
            && n.Contains("gone.onnx", StringComparison.Ordinal));
        Assert.All(Evaluation.ReadAll(folder), e => Assert.Null(e.Models));
        Assert.Equal(["Measuring the untouched model", "step 0 of 8 · speaking held-out texts"], observer.Work.Take(2));
    }

    /// <summary>A new run with such a model is refused.</summary>
    [Fact]
    public void AResumedRunGoesOnWithoutAModelThatIsGone()
    {
        var run = new RunOptions();
        var command = new Command("train");
        foreach (var option in run.Evaluation)
            command.Add(option);
        var begun = TrainerTests.Options with { OwnModels = new() { Speaker = Path.GetFullPath("gone.onnx") } };
        Assert.Equal(begun.OwnModels, run.Apply(begun, command.Parse("")).OwnModels);
        Assert.Throws<ArgumentException>(() => run.Apply(TrainerTests.Options, command.Parse("--speaker-model gone.onnx")));
    }

    /// <summary>Figures of two models cannot be compared.</summary>
    [Fact]
    public void OnlyFiguresOfTheSameModelAreCompared()
    {
        static Evaluation Spoken(int step, double similarity, string model) => new(step, 0, 1, "", [.. Enumerable.Range(0, 2)
            .Select(i => new SpokenTake($"{i}.wav", i, 1, true, Models: new(similarity + 0.01 * i, null)))])
        {
            OwnModels = new() { Speaker = model },
        };
        var compared = Comparison.Of([Spoken(0, 0.5, "a.onnx"), Spoken(5, 0.7, "a.onnx")], 5)!;
        Assert.Equal(0.2, compared.Similarity!.Mean, 1e-9);
        Assert.Contains("similarity by your speaker model 0.51 → 0.71 (+0.20", compared.Numbers, StringComparison.Ordinal);
        Assert.Null(compared.Mos);
        Assert.Null(Comparison.Of([Spoken(0, 0.5, "a.onnx"), Spoken(5, 0.7, "b.onnx")], 5)!.Similarity);
    }
}
