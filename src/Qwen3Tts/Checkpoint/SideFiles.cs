using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>What a model folder holds beside its weights: configuration, tokenizer, licence and the codec.</summary>
static class SideFiles
{
    const string Codec = "speech_tokenizer";

    /// <summary>Copies them, the codec with its weights; hidden files stay.</summary>
    /// <param name="from">A model folder.</param>
    /// <param name="to">The folder that is being made.</param>
    /// <param name="except">Names of files that are not copied.</param>
    public static void Copy(string from, string to, params IReadOnlyCollection<string> except)
    {
        foreach (var file in Directory.GetFiles(from)
            .Where(f => !IsWeights(f) && Path.GetFileName(f) is var n && !except.Contains(n) && !n.StartsWith('.')))
            Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var file in Directory.GetFiles(Path.Combine(from, Codec), "*", SearchOption.AllDirectories))
            Copy(file, Path.Combine(to, Codec, Path.GetRelativePath(Path.Combine(from, Codec), file)));
    }

    static bool IsWeights(string file) =>
        file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".safetensors.index.json", StringComparison.Ordinal);

    static void Copy(string from, string to)
    {
        using var source = File.OpenRead(from); // follows the links of a download cache, which a copied link would not survive
        OutputFile.Write(to, source.CopyTo);
    }
}
