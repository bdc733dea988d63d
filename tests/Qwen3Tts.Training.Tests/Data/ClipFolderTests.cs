using static Qwen3Tts.Tests.Data.ListsTests;

namespace Qwen3Tts.Tests.Data;

/// <summary>A folder of recordings, each with its text beside it, gives clips, or one message for each kind of mistake.</summary>
public sealed class ClipFolderTests
{
    [Fact]
    public void TwoTextsOfOneRecordingAreNamed()
    {
        var (clips, problems) = Read(Reports.Path("names-twice", "in"));
        Assert.Empty(clips);
        Assert.EndsWith("01.TXT and 01.txt are both the text of 01.wav. Remove one of them.", Assert.Single(problems),
            StringComparison.Ordinal);
    }

    [Fact]
    public void OneMistakeOfAFolderIsReportedOnceAndItsRemedyWorks()
    {
        var folder = Scratch.New("lists");
        foreach (var name in new[] { "1.m4a", "2.m4a", "3.m4a" })
            File.WriteAllText(Path.Combine(folder, name), "");
        Assert.EndsWith($"'ffmpeg -i \"{folder}/1.m4a\" \"{folder}/1.wav\"'. 2 more files have the same mistake: 2.m4a, 3.m4a.",
            Assert.Single(Read(folder).Problems).Replace('\\', '/'), StringComparison.Ordinal);
        foreach (var name in new[] { "1", "2", "3" })
            File.WriteAllText(Path.Combine(folder, name + ".wav"), "");
        Assert.EndsWith("2 more files have the same mistake: 2.wav, 3.wav.", Assert.Single(Read(folder).Problems),
            StringComparison.Ordinal);
        foreach (var name in new[] { "1", "2", "3" })
            File.WriteAllText(Path.Combine(folder, name + ".txt"), "Is it?");
        Assert.Empty(Read(folder).Problems);
        File.WriteAllText(Path.Combine(folder, "1.WAV"), "");
        Assert.Contains("is the text of 1.WAV already", Assert.Single(Read(folder).Problems), StringComparison.Ordinal);
    }

    /// <summary>Of one recording in two formats the one that lost less is taken. A name without its extension finds each.</summary>
    [Fact]
    public void RecordingsMayHaveAnyFormatThatIsRead()
    {
        var folder = Scratch.New("lists");
        foreach (var name in new[] { "1.mp3", "1.flac", "2.OPUS", "3.ogg", "1.txt", "2.txt", "3.txt" })
            File.WriteAllText(Path.Combine(folder, name), "Is it?");
        var (clips, problems) = Read(folder);
        Assert.Empty(problems);
        Assert.Equal(["1.flac", "2.OPUS", "3.ogg"], clips.Select(c => Path.GetFileName(c.Audio)));
        File.WriteAllText(Path.Combine(folder, "metadata.csv"), "1|Is it?|Is it?\n3|Is it so?|Is it so?\n");
        Assert.Equal(["1.flac", "3.ogg"], Read(folder).Clips.Select(c => Path.GetFileName(c.Audio)));
    }
}
