using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests;

/// <summary>
/// Runs the commands of docs/guide.md in their order. A server on this machine has the miniature under the id of the released model, and
/// the recordings are nora's. `serve` is asked for its voices and ended. Only `review` is not run, because it waits for a person.
/// </summary>
public sealed class GuideTests
{
    const int Recordings = 30;
    const int Undecided = 4; // exit code of doctor

    /// <summary>What the test adds, so that training takes seconds.</summary>
    static readonly (string Command, string Options)[] Added =
    [
        ("qwen3tts-train voice ", " --steps 4 --held-out 2"),
        ("qwen3tts-train train ", " --steps 4"),
    ];

    [Fact]
    public void ItsCommandsRun()
    {
        var folder = Scratch.New("guide");
        using var hub = new HubServer();
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
            hub.Files[Path.GetRelativePath(Mini.Model, file).Replace('\\', '/')] = File.ReadAllBytes(file);
        WriteRecordings(folder);
        (string, string)[] environment =
            [("HF_ENDPOINT", hub.Address), ("HF_HUB_CACHE", Path.Combine(folder, "hub")), ("QWEN3TTS_MODEL", "")];
        foreach (var line in Lines())
        {
            if (line.StartsWith("qwen3tts serve ", StringComparison.Ordinal))
            {
                Serve(line, folder, environment);
                continue;
            }
            var added = Added.FirstOrDefault(a => line.StartsWith(a.Command, StringComparison.Ordinal)).Options;
            var (code, output, error) = ShellCommand.Run(line + added, folder, environment);
            // four steps may be too few for doctor to decide, but it must not call a correct training faulty
            var ended = code == 0 || code == Undecided && line.Contains(" doctor ", StringComparison.Ordinal);
            Assert.True(ended, $"{line}: {code}\n{output}\n{error}");
        }
    }

    /// <summary>Starts the server on a free port, and asks which voices it has.</summary>
    static void Serve(string line, string folder, (string, string)[] environment)
    {
        using var process = ShellCommand.Start(line + " --port 0", folder, environment);
        try
        {
            var first = process.StandardOutput.ReadLine() ?? process.StandardError.ReadToEnd();
            var address = Regex.Match(first, @"http://\S+/v1");
            Assert.True(address.Success, $"{line}: {first}");
            using var client = new HttpClient();
            Assert.Contains("\"anna\"", client.GetStringAsync(new Uri(address.Value + "/audio/voices")).Result, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
        }
    }

    static IEnumerable<string> Lines() =>
        from Match block in Regex.Matches(File.ReadAllText(Path.Combine(Golden.Repository, "docs", "guide.md")).ReplaceLineEndings("\n"),
            "^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
        from line in block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        where !line.StartsWith("qwen3tts-train review ", StringComparison.Ordinal)
        select line;

    // One long recording with subtitles, a reference, and a list with two speakers.
    static void WriteRecordings(string folder)
    {
        var raw = Directory.CreateDirectory(Path.Combine(folder, "raw")).FullName;
        var (samples, cues, list) = (new List<float>(), new StringBuilder(), new StringBuilder());
        var rate = 0;
        foreach (var (i, path) in Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal).Take(Recordings).Index())
        {
            var clip = AudioFile.Read(path);
            rate = clip.SampleRate;
            var (start, text) = (samples.Count, File.ReadAllText(Path.ChangeExtension(path, ".txt")).Trim());
            samples.AddRange(clip.Samples);
            cues.Append(CultureInfo.InvariantCulture, $"{i + 1}\n{Time(start, rate)} --> {Time(samples.Count, rate)}\n{text}\n\n");
            samples.AddRange(new float[i % 3 < 2 ? rate / 3 : 2 * rate]); // three sentences, and a pause: clips of 3 s and more
            var (audio, speaker) = (path.Replace("\\", "/"), i % 2 == 0 ? "anna" : "ben");
            list.AppendLine(JsonSerializer.Serialize(new { audio, text, speaker }));
            if (i == 0)
                AudioFile.Write(Path.Combine(folder, "reference.wav"), clip);
        }
        AudioFile.Write(Path.Combine(raw, "session.wav"), new Waveform([.. samples], rate));
        File.WriteAllText(Path.Combine(raw, "session.srt"), cues.ToString());
        File.WriteAllText(Path.Combine(folder, "speakers.jsonl"), list.ToString());
    }

    static string Time(int sample, int rate) =>
        TimeSpan.FromSeconds((double)sample / rate).ToString(@"hh\:mm\:ss\,fff", CultureInfo.InvariantCulture);
}
