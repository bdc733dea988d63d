namespace Qwen3Tts.Hub;

/// <summary>A model in the cache.</summary>
/// <param name="Id">Owner and name.</param>
/// <param name="Revision">The branch, tag or commit that it was found by.</param>
/// <param name="Commit">The full hash of the commit.</param>
/// <param name="Folder">The folder to load it from.</param>
/// <param name="Bytes">Size of its files.</param>
/// <param name="Missing">Names of the files that are not there, or not whole.</param>
public sealed record HubModel(string Id, string Revision, string Commit, string Folder, long Bytes, IReadOnlyList<string> Missing)
{
    /// <summary>True if no file is missing.</summary>
    public bool IsComplete => Missing.Count == 0;
}

/// <summary>How far a download is.</summary>
/// <param name="File">The file that is fetched; empty at the beginning.</param>
/// <param name="Bytes">Bytes of all files that are there.</param>
/// <param name="Total">Bytes of all files; 0 as long as that is not known.</param>
/// <param name="Note">What is waited for, in a sentence; usually null.</param>
public sealed record HubProgress(string File, long Bytes, long Total, string? Note = null);

/// <summary>The result of comparing a file with its hash.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Problem">What is wrong with it, or null.</param>
public sealed record HubFileCheck(string File, long Bytes, string? Problem);
