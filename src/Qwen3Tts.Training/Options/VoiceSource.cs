// What 'voice' was given beside the options of the run. It is stored in the voice's folder, so that the work can be resumed by the name of
// the voice alone.
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

    /// <summary>What was stored in a folder; null if nothing was.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static VoiceSource? In(string folder) => Path.Combine(folder, FileName) is var file && File.Exists(file)
        ? JsonFile.Read(file, OptionsJson.Default.VoiceSource, "Move the file away, and name the recordings again.") : null;

    /// <summary>Stores it in the folder.</summary>
    public void Write(string folder) => OutputFile.WriteText(Path.Combine(folder, FileName),
        JsonSerializer.Serialize(this, OptionsJson.Default.VoiceSource) + "\n", OutputRecord.At(folder));
}
