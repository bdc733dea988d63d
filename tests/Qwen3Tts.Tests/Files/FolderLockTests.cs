using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Files;

/// <summary>A lock is given back also if something else fails.</summary>
public sealed class FolderLockTests
{
    [Fact]
    public void ALockThatCannotNameItsOwnerIsGivenBack()
    {
        var folder = Scratch.New();
        var owner = Directory.CreateDirectory(Path.Combine(folder, FolderLock.FileName + "-owner")).FullName; // no file fits there
        Assert.ThrowsAny<Exception>(() => FolderLock.Take(folder));
        Directory.Delete(owner);
        FolderLock.Take(folder).Dispose();
    }

    [Fact]
    public void ALockOfAFolderThatWasRemovedIsGivenBack()
    {
        var folder = Path.Combine(Scratch.New(), "run");
        var held = FolderLock.Take(folder);
        Directory.Delete(folder, recursive: true);
        held.Dispose(); // an error here would hide the one that ended the work
        FolderLock.Take(folder).Dispose();
    }
}
