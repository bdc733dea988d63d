// Fine-tunes as other trainers and other people make them: other optimisers, other data, other models. These runs were not used to choose
// the rules, except that end_in_heads was compared on some (docs/doctor-method.md).
using Qwen3Tts.Audio;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

static class OtherRuns
{
    public const string Table = "doctor-others";
    static readonly int[] Lengths = [15, 60];

    public static IReadOnlyList<FaultSet> Planted { get; } =
        [FaultSet.None, FaultSet.Official, FaultSet.OwnHidden, FaultSet.LabelsShiftedTwice, FaultSet.NoEos];

    public static IEnumerable<GridRun> List(string folder)
    {
        PlantedFaults From(string name, int clips, string? model = null, Action<string>? edit = null) =>
            new(Path.Combine(folder, name), clips, model, edit);
        var usual = From("full", 60);
        return [
            .. Row("SGD with momentum 0.9", 0.03, usual, (f, rate, steps) =>
                usual.WithOptimizer(f, "momentum", OtherOptimizers.Momentum, rate, steps)),
            .. Row("Adafactor", 2e-4, usual, (f, rate, steps) =>
                usual.WithOptimizer(f, "adafactor", OtherOptimizers.Factored, rate, steps)),
            .. Row("Adam with moments of 8 bits", 2e-4, usual, (f, rate, steps) =>
                usual.WithOptimizer(f, "eight_bit", OtherOptimizers.EightBit, rate, steps)),
            .. Row("no weight decay", 1e-3, usual, Changed(usual, "no_decay", o => o with { WeightDecay = 0 })),
            .. Row("weight decay 0.1 on every tensor", 1e-3, usual, (f, rate, steps) => usual.WithDecay(f, 0.1, rate, steps)),
            .. Row("a rate that falls to zero", 2e-4, usual, Changed(usual, "to_zero", o => o with { FinalRate = 0 })),
            .. OfData("24 clips, one of 38 s that is not measured", From("long", 30, edit: OneLong)),
            .. OfData("a third of the texts is another clip's", From("wrong_texts", 60, edit: WrongTexts)),
            .. OfData("3 clips", From("three", 4)),
            .. OfData("another voice: lower and slower by 15 %", From("slower", 60, edit: Slower)),
            .. OfData("60 other texts, with words that the model does not know", new(Path.Combine(folder, "station"), 60,
                source: Mini.Station)),
            .. OfData("text narrower than the talker", From("unwidened", 60, Mini.Model), FaultSet.NoTextProjection),
            .. OfData("a narrower model", From("narrowed", 60, NarrowedMini.In(folder))),
        ];
    }

    static IEnumerable<GridRun> OfData(string trained, PlantedFaults source, FaultSet impossible = FaultSet.None) => Row(
        trained, 2e-4, source, (f, rate, steps) => source.Checkpoint(new(Hypothesis.Combine(f).Name, f, rate, steps)), impossible);

    static Func<FaultSet, double, int, string> Changed(
        PlantedFaults source, string name, Func<TrainingOptions, TrainingOptions> options) =>
        (f, rate, steps) => source.Checkpoint(new($"{Hypothesis.Combine(f).Name}_{name}", f, rate, steps, options));

    static IEnumerable<GridRun> Row(
        string trained, double rate, PlantedFaults source, Func<FaultSet, double, int, string> train,
        FaultSet impossible = FaultSet.None) =>
        from planted in Planted
        let faults = planted & ~impossible
        from steps in Lengths
        select new GridRun(Table, trained, faults, rate, steps, source, () => train(faults, rate, steps));

    static List<string> Recordings(string folder) => [.. Directory.GetFiles(folder, "*.wav").Order(StringComparer.Ordinal)];

    /// <summary>Replaces the third recording by a long one: the first recordings, one after the other. It is trained on, but it is not
    /// among the ten clips that the doctor measures.</summary>
    static void OneLong(string folder)
    {
        const double Seconds = 38;
        var (files, samples, texts) = (Recordings(folder), new List<float>(), new List<string>());
        var rate = WavFile.Read(files[2]).SampleRate;
        foreach (var file in files)
        {
            var wave = WavFile.Read(file);
            if (samples.Count + wave.Samples.Length > Seconds * rate)
                break;
            samples.AddRange(wave.Samples);
            texts.Add(File.ReadAllText(Path.ChangeExtension(file, ".txt")).Trim());
        }
        WavFile.Write(files[2], new([.. samples], rate));
        File.WriteAllText(Path.ChangeExtension(files[2], ".txt"), string.Join(' ', texts));
    }

    /// <summary>Every third recording gets the text of the recording before it.</summary>
    static void WrongTexts(string folder)
    {
        var texts = Recordings(folder).ConvertAll(f => Path.ChangeExtension(f, ".txt"));
        for (var i = 2; i < texts.Count; i += 3)
            File.Copy(texts[i - 1], texts[i], overwrite: true);
    }

    /// <summary>Plays the recordings more slowly, which makes the voice lower.</summary>
    static void Slower(string folder)
    {
        foreach (var file in Recordings(folder))
        {
            var wave = WavFile.Read(file);
            WavFile.Write(file, new Waveform(wave.Samples, (int)(wave.SampleRate * 0.85)).ToRate(wave.SampleRate));
        }
    }
}
