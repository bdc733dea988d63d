using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>What a model folder holds beside its weights: configuration, tokenizer, licence and the codec.</summary>
static class SideFiles
{
    /// <summary>Copies them, the codec with its weights; hidden files stay. What is in another layout becomes official.</summary>
    /// <param name="from">The model.</param>
    /// <param name="to">The folder that is being made.</param>
    /// <param name="except">Names of files that are not copied.</param>
    public static void Copy(ModelFolder from, string to, params IReadOnlyCollection<string> except)
    {
        const string config = LayoutWriter.Config;
        CopyFiles(from.Path, to, [config, .. except]);
        if (!except.Contains(config))
            if (from.Config.Layout?.Layout == CheckpointLayout.Transformers)
                LayoutWriter.WriteConfig(from.Path, to, CheckpointLayout.Official);
            else
                Copy(Path.Combine(from.Path, config), Path.Combine(to, config));
        ModelFolder.CheckCodecFolder(from.CodecPath);
        var codec = Path.Combine(to, TransformersLayout.Codec);
        if (LayoutWriter.OfCodec(from.CodecPath) == CheckpointLayout.Transformers)
            LayoutWriter.WriteCodec(from.CodecPath, codec, CheckpointLayout.Official, OutputRecord.At(to));
        else
            foreach (var file in Directory.GetFiles(from.CodecPath, "*", SearchOption.AllDirectories))
                Copy(file, Path.Combine(codec, Path.GetRelativePath(from.CodecPath, file)));
    }

    /// <summary>Copies the files that hold no weights and are not hidden.</summary>
    public static void CopyFiles(string from, string to, params IReadOnlyCollection<string> except)
    {
        foreach (var file in Directory.GetFiles(from)
            .Where(f => !IsWeights(f) && Path.GetFileName(f) is var n && !except.Contains(n) && !n.StartsWith('.')))
            Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    static bool IsWeights(string file) =>
        file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".safetensors.index.json", StringComparison.Ordinal);

    static void Copy(string from, string to)
    {
        using var source = File.OpenRead(from); // follows the links of a download cache, which a copied link would not survive
        OutputFile.Write(to, source.CopyTo);
    }
}
