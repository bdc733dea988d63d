// Stands for qwen3tts-train, which these tests do not build: it writes the files that the commands slice and voice write, at once. When it
// is told to wait, it works until it is asked to stop.
using System.Globalization;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server.Studio;

sealed class TrainerDouble
{
    public List<IReadOnlyList<string>> Calls { get; } = [];
    public bool Waits { get; set; }

    public TrainerRun Run => (arguments, line, stop) =>
    {
        Calls.Add(arguments);
        string After(string option) => arguments[arguments.ToList().IndexOf(option) + 1];
        line($"{arguments[0]} begins");
        if (Waits)
            return stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(2)) ? 130 : 2;
        if (arguments[0] == "slice")
        {
            Slice(arguments[1], After("--output"));
            line($"Next: qwen3tts-train prepare {After("--output")} --model DIR");
        }
        else
            Train(After("--output"), After("--name"), arguments.Contains("--lora"));
        line($"{arguments[0]} is done");
        return 0;
    };

    static void Slice(string recordings, string clips)
    {
        Directory.CreateDirectory(clips);
        var lines = new List<string> { """{"audio":"../../../../etc/passwd","text":"not a clip"}""" };
        foreach (var file in Directory.GetFiles(recordings, "*.wav").Order(StringComparer.Ordinal))
        {
            var text = Path.ChangeExtension(file, ".txt");
            File.Copy(file, Path.Combine(clips, Path.GetFileName(file)), overwrite: true);
            lines.Add($$"""{"audio":"{{Path.GetFileName(file)}}","text":"{{(File.Exists(text) ? File.ReadAllText(text) : "")}}"}""");
        }
        File.WriteAllLines(Path.Combine(clips, "metadata.jsonl"), lines);
    }

    public static void Train(string output, string name, bool lora)
    {
        var run = Path.Combine(output, "run");
        var take = Directory.CreateDirectory(Path.Combine(run, "takes", "step-000020"));
        File.WriteAllBytes(Path.Combine(take.FullName, "1-1.wav"), Served.ClipBytes);
        File.WriteAllLines(Path.Combine(run, "log.jsonl"), Enumerable.Range(1, 20).Select(i => string.Create(CultureInfo.InvariantCulture,
            $$"""{"step":{{i}},"of":20,"talker":{{3.0 / i}},"predictor":4,"held_out_talker":{{(i % 5 == 0 ? "2.5" : "null")}},"held_out_predictor":{{(i % 5 == 0 ? "4.1" : "null")}}}""")));
        File.AppendAllText(Path.Combine(run, "log.jsonl"), """{"step":21,"of":""");
        if (lora)
            Served.WriteAdapter(Path.Combine(run, "export", "adapter"), name, 9);
        else
            Served.WithSpeaker(Path.Combine(run, "export"), name, "custom_voice");
    }
}
