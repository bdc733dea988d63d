// What 'voice' was given. It is stored in the voice's folder before the first recording is prepared, so that the work can be resumed by the
// name of the voice alone.
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Options;

/// <param name="Recordings">Folder or list of recordings, as a full path.</param>
/// <param name="Reference">Recording that the voice is taken from; null: the one most similar to all others.</param>
/// <param name="Language">Language of the recordings; null: what the list names.</param>
/// <param name="SkipBad">Whether recordings that cannot be used are left out.</param>
sealed record VoiceSource(string Recordings, string? Reference, string? Language, bool SkipBad)
{
    public const string FileName = "voice.json";

    /// <summary>The options of the run; null in a file of an earlier version. A run that has begun has its own.</summary>
    public TrainingOptions? Run { get; init; }

    /// <summary>What was stored in a folder; null if nothing was.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static VoiceSource? In(string folder)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
            return null;
        var read = JsonFile.Read(file, OptionsJson.Default.VoiceSource, "Move the file away, and name the recordings again.");
        read.Run?.CheckRead(file);
        return read;
    }

    /// <summary>Stores it in the folder.</summary>
    public void Write(string folder) => OutputFile.WriteText(Path.Combine(folder, FileName),
        JsonSerializer.Serialize(this, OptionsJson.Default.VoiceSource) + "\n", OutputRecord.At(folder));
}
