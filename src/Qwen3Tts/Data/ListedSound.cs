// Writes a recording that a list names with its text or its codes. If the command ends before it writes the list, the list of an earlier
// command is still there, and would say of the new recording what was said in the old one. So the first recording that is replaced by
// another one takes the list with it: the next command finds no list, and the same command writes it anew.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

static class ListedSound
{
    /// <summary>Writes a recording. One with the same content is left as it is.</summary>
    /// <param name="path">The recording.</param>
    /// <param name="wave">Its sound.</param>
    /// <param name="list">The list that may name it, and that is written afterwards.</param>
    /// <param name="record">The record that gets the recording's entry; null takes that of its folder.</param>
    /// <exception cref="IOException">There is a file that this program did not write, or the disk is full.</exception>
    public static void Write(string path, Waveform wave, string list, OutputRecord? record = null)
    {
        OutputFile.CheckIsFree(path, record);
        using var sound = new MemoryStream();
        WavFile.Write(sound, wave);
        if (File.Exists(path))
        {
            if (File.ReadAllBytes(path).AsSpan().SequenceEqual(sound.GetBuffer().AsSpan(0, (int)sound.Length)))
                return;
            if (IsOwn(list))
                File.Delete(list);
        }
        OutputFile.Write(path, sound.WriteTo, record);
    }

    /// <summary>True if this program wrote a list, and nobody changed it since.</summary>
    public static bool IsOwn(string list) => OutputRecord.At(Path.GetDirectoryName(FileIdentity.Resolve(list))!).Owns(list);
}
