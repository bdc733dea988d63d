// Writes speech to standard output while it is generated, or collects it and writes a file at the end, also after Ctrl-C.
using System.Diagnostics;
using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Cli;

static class SpokenOutput
{
    /// <summary>
    /// Speaks to standard output, or collects the samples and then writes a file, also if the speech was stopped.
    /// Returns a text with the speed.
    /// </summary>
    /// <param name="speech">The chunks of the speech, which is generated here.</param>
    /// <param name="rate">Samples per second.</param>
    /// <param name="progress">How far the speech is, in words.</param>
    /// <param name="samples">How samples are stored, if the format leaves a choice.</param>
    /// <param name="file">The file, whose extension chooses the format; null writes WAV to standard output.</param>
    public static string Write(IEnumerable<float[]> speech, int rate, Func<string> progress, WavFormat samples, string? file)
    {
        var clock = Stopwatch.StartNew();
        var spoken = 0L;
        List<float>? kept = file is null ? null : [];
        using var pipe = kept is null ? Console.OpenStandardOutput() : null;
        pipe?.Write(WavFile.Header(rate, samples, samples: null));
        StatusLine.While("speaking", show =>
        {
            foreach (var chunk in speech)
            {
                spoken += chunk.Length;
                kept?.AddRange(chunk);
                if (pipe is not null)
                    WavFile.WriteSamples(pipe, chunk, samples);
                pipe?.Flush();
                show($"speaking: {progress()}, {Pace(spoken, rate, clock)}");
            }
            return 0;
        });
        var pace = Pace(spoken, rate, clock);
        if (kept is not null)
            AudioFile.WriteOutput(file!, new([.. kept], rate), samples);
        return pace;
    }

    static string Pace(long samples, int rate, Stopwatch clock)
    {
        var (speech, time) = ((double)samples / rate, clock.Elapsed.TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture,
            $"{speech:0.0} s of speech in {time:0.0} s, {speech / time:0.0} times as fast as it plays");
    }
}
