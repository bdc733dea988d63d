// whisper.cpp's program, for free speech in many languages. The user must name its model file: nothing is downloaded.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Listening;

/// <summary>whisper-cli with the model in <c>QWEN3TTS_WHISPER_MODEL</c>.</summary>
sealed class WhisperCli : SpeechRecogniser
{
    const string Program = "whisper-cli";
    public const string ModelVariable = "QWEN3TTS_WHISPER_MODEL";

    readonly string _program, _model;

    WhisperCli(string program, string model) => (_program, _model) = (program, model);

    public override string Name => $"whisper.cpp, {Path.GetFileNameWithoutExtension(_model)}";

    /// <param name="reason">Why the result is null.</param>
    /// <param name="model">The model's file; null takes that of the environment variable.</param>
    public static WhisperCli? Find(out string reason, string? model = null)
    {
        reason = "";
        var program = ExternalProgram.OnPath(Program);
        var named = model is null ? ModelVariable : "its option";
        model ??= Environment.GetEnvironmentVariable(ModelVariable);
        if (program is null)
            reason = $"{Program} of whisper.cpp is not on the PATH";
        else if (string.IsNullOrEmpty(model))
            reason = $"{Program} is there, but {ModelVariable} does not name its model file";
        else if (!File.Exists(model))
            reason = $"{named} names '{model}', which is not there";
        else
            return new(program, model);
        return null;
    }

    public override IReadOnlyList<string> Hear(IReadOnlyList<Waveform> clips, CancellationToken cancel = default)
    {
        if (clips.Count == 0)
            return [];
        var folder = Directory.CreateTempSubdirectory("qwen3tts-hear-").FullName;
        try
        {
            var files = clips.Select((_, i) => Path.Combine(folder, $"{i}.wav")).ToList();
            for (var i = 0; i < clips.Count; i++)
                WavFile.Write(files[i], new([.. Prepare(clips[i]).Select(s => s / 32768f)], 16000));
            ExternalProgram.Run(_program, ["-m", _model, "-l", "auto", "-nt", "-np", "-otxt", .. files], cancel);
            return [.. files.Select(f => File.Exists($"{f}.txt") ? File.ReadAllText($"{f}.txt").ReplaceLineEndings(" ").Trim() : "")];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
