// A voice from a recording and its transcript, as 'say --voice' makes it, and a folder of recordings with their texts.
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Generation;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Fuzz;

static class VoiceTargets
{
    const double MostSeconds = 5; // for a recording that its header makes longer, only the checks are tested

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["voice"] = _ => Voice(),
        ["voice-folder"] = _ => Folder(),
        ["voice-file"] = _ => File(),
    };

    static FuzzTarget Voice()
    {
        var tts = Tts.Load(Path.Combine(AllTargets.Repository, "models", "mini"), new() { Threads = 1 });
        var clip = System.IO.File.ReadAllBytes(Path.Combine(AllTargets.Repository, "tests", "Mini", "clips", "slt_1.wav"))[..40_000];
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["me.wav"] = clip,
                ["transcript.txt"] = "Meet Anna on Monday at seven thirty."u8.ToArray(),
            },
            Mutate = (m, file, content) => file == "me.wav" ? HeadMutated(m, content) : m.MutateBytes(content),
            MustNameFile = false, // a message is about the recording or the transcript
            Cost = 25, // the recording is encoded, and spoken after
            Read = (folder, _) =>
            {
                var said = Encoding.UTF8.GetString(System.IO.File.ReadAllBytes(Path.Combine(folder, "transcript.txt")));
                var wave = WavFile.Read(Path.Combine(folder, "me.wav"));
                if (wave.Seconds is > MostSeconds and < RecordingChecks.Longest)
                    return;
                Speak(tts, tts.Clone(wave, said));
            },
        };
    }

    static FuzzTarget File()
    {
        var made = Path.GetTempFileName();
        new VoiceFile(new Voice([0.5f, -1, 0.25f]) { Transcript = "Größe", Frames = [[1, 2], [3, 4]], Warnings = ["It is noisy."] })
        {
            Name = "me",
            Language = "German",
            EncoderSha256 = "00",
            CodecSha256 = "11",
            Parts = [new("recording", "me.wav", "22", 1)],
        }.Write(made);
        var content = System.IO.File.ReadAllBytes(made);
        System.IO.File.Delete(made);
        return new()
        {
            Files = new Dictionary<string, byte[]> { ["me.voice.safetensors"] = content },
            Mutate = (m, _, valid) => m.MutateSafetensors(valid),
            Read = (folder, _) => VoiceFile.Read(Path.Combine(folder, "me.voice.safetensors")),
        };
    }

    static void Speak(Tts tts, Voice voice)
    {
        foreach (var used in new[] { voice, voice with { Transcript = null, Frames = [] } })
            tts.Say("Set white.", new() { Voice = used, Sampling = tts.Sampling with { MaxFrames = 1, Seed = 1 } });
    }

    /// <summary>Mutates the header as often as the samples, although there are many more samples.</summary>
    static byte[] HeadMutated(Mutator m, byte[] content) =>
        m.Random.Next(2) == 0 ? m.MutateBytes(content) : [.. m.MutateBytes(content[..64]), .. content[64..]];

    static FuzzTarget Folder() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["a.wav"] = Recording(),
            ["a.txt"] = "Set white at B four now.\n"u8.ToArray(),
            ["b.wav"] = Recording(),
            ["b.lab"] = "Größe"u8.ToArray(),
        },
        Mutate = (m, file, content) => file.EndsWith("wav", StringComparison.Ordinal) ? HeadMutated(m, content) : m.MutateBytes(content),
        Cost = 5, // recordings are measured
        Read = (folder, problems) =>
        {
            foreach (var clip in ListTargets.Read(folder, null, problems))
            {
                if (ClipGate.Error(clip) is { } error)
                    problems.Add(error);
                if (ClipGate.ReferenceProblem(clip.Audio) is { } problem)
                    problems.Add($"{clip.Place}: {problem}");
                else
                    ClipGate.Read(clip.Place, clip.Audio);
            }
        },
    };

    /// <summary>One second of sound that rises and falls like speech.</summary>
    static byte[] Recording()
    {
        const int Rate = 8000;
        var stream = new MemoryStream();
        WavFile.Write(stream, new([.. Enumerable.Range(0, Rate).Select(i => MathF.Sin(i / 9f) * MathF.Sin(i / 800f) / 2)], Rate));
        return stream.ToArray();
    }
}
