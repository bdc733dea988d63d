// Generates speech, shows how far it is, and passes it on to its target, also what was spoken until Ctrl-C.
using System.Diagnostics;
using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Cli;

/// <summary>How much was spoken, and in which time.</summary>
/// <param name="Seconds">Of speech.</param>
/// <param name="Elapsed">Seconds that it took to generate.</param>
readonly record struct SpokenPace(double Seconds, double Elapsed)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Seconds:0.0} s of speech in {Elapsed:0.0} s, {Seconds / Elapsed:0.0} times as fast as it plays");
}

static class SpokenOutput
{
    /// <summary>Speaks to the target. What was spoken before a stop is there, too.</summary>
    /// <param name="speech">The chunks of the speech, which is generated here.</param>
    /// <param name="rate">Samples per second.</param>
    /// <param name="progress">How far the speech is, in words.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="stop">Ends the player.</param>
    public static SpokenPace Write(IEnumerable<float[]> speech, int rate, Func<string> progress, SpokenTarget target,
        CancellationToken stop)
    {
        var clock = new Stopwatch(); // runs while speech is generated, and stands while the player or a file takes it
        var spoken = 0L;
        using var player = target.Plays ? new SoundPlayer(rate, stop) : null;
        StatusLine.While("speaking", show =>
        {
            target.Write(Heard(show), rate);
            show("playing");
            Finish(player, target);
            return 0;
        });
        return Pace();

        SpokenPace Pace() => new((double)spoken / rate, clock.Elapsed.TotalSeconds);

        IEnumerable<float[]> Heard(Action<string> show)
        {
            clock.Start();
            foreach (var chunk in speech)
            {
                clock.Stop();
                spoken += chunk.Length;
                player?.Write(chunk);
                yield return chunk;
                show($"speaking: {progress()}, {Pace()}");
                clock.Start();
            }
            clock.Stop();
        }
    }

    /// <summary>Waits until all was played. If the speech is in a file, a failure of the player is no failure of the command.</summary>
    static void Finish(SoundPlayer? player, SpokenTarget target)
    {
        try
        {
            player?.Finish();
        }
        catch (IOException e) when (target.File is not null || target.ToStandardOutput)
        {
            Console.Error.WriteLine(e.Message);
        }
    }
}
