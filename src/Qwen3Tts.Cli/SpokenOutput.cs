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
    public static string Write(SpeechStream speech, List<float>? kept, CancellationToken stop, string file = "")
    {
        var clock = Stopwatch.StartNew();
        var samples = 0L;
        using var pipe = kept is null ? Console.OpenStandardOutput() : null;
        pipe?.Write(WavFile.Header(speech.SampleRate, WavFormat.Pcm16, samples: null));
        StatusLine.While("speaking", show =>
        {
            foreach (var chunk in speech.Until(stop))
            {
                samples += chunk.Length;
                kept?.AddRange(chunk);
                if (pipe is not null)
                    WavFile.WriteSamples(pipe, chunk, WavFormat.Pcm16);
                pipe?.Flush();
                show($"speaking: {speech.Frames.Count} frames, {Pace(samples, speech.SampleRate, clock)}");
            }
            return 0;
        });
        var pace = Pace(samples, speech.SampleRate, clock);
        if (kept is not null)
            WavFile.WriteOutput(file, new([.. kept], speech.SampleRate));
        return pace;
    }

    static string Pace(long samples, int rate, Stopwatch clock)
    {
        var (speech, time) = ((double)samples / rate, clock.Elapsed.TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture,
            $"{speech:0.0} s of speech in {time:0.0} s, {speech / time:0.0} times as fast as it plays");
    }
}
