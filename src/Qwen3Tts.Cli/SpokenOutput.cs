// Writes speech to standard output while it is generated, or collects it and writes a file at the end, also after Ctrl-C.
using System.Diagnostics;
using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

static class SpokenOutput
{
    /// <summary>
    /// Speaks to standard output, or collects the samples in <paramref name="kept"/> and then writes a file, also if it was stopped.
    /// Returns a text with the speed.
    /// </summary>
    /// <param name="speech">The speech, which is generated here.</param>
    /// <param name="kept">Collects the samples of a file; null writes WAV to standard output.</param>
    /// <param name="samples">How samples are stored, if the format leaves a choice.</param>
    /// <param name="stop">Stops speaking.</param>
    /// <param name="file">The file. Its extension chooses the format.</param>
    public static string Write(SpeechStream speech, List<float>? kept, WavFormat samples, CancellationToken stop, string file = "")
    {
        var clock = Stopwatch.StartNew();
        var spoken = 0L;
        using var pipe = kept is null ? Console.OpenStandardOutput() : null;
        pipe?.Write(WavFile.Header(speech.SampleRate, samples, samples: null));
        StatusLine.While("speaking", show =>
        {
            foreach (var chunk in speech.Until(stop))
            {
                spoken += chunk.Length;
                kept?.AddRange(chunk);
                if (pipe is not null)
                    WavFile.WriteSamples(pipe, chunk, samples);
                pipe?.Flush();
                show($"speaking: {speech.Frames.Count} frames, {Pace(spoken, speech.SampleRate, clock)}");
            }
            return 0;
        });
        var pace = Pace(spoken, speech.SampleRate, clock);
        if (kept is not null)
            AudioFile.WriteOutput(file, new([.. kept], speech.SampleRate), samples);
        return pace;
    }

    static string Pace(long samples, int rate, Stopwatch clock)
    {
        var (speech, time) = ((double)samples / rate, clock.Elapsed.TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture,
            $"{speech:0.0} s of speech in {time:0.0} s, {speech / time:0.0} times as fast as it plays");
    }
}
