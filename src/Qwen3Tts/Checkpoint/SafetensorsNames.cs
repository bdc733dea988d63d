namespace Qwen3Tts.Checkpoint;

partial class SafetensorsFile
{
    /// <summary>From now on, the tensors have other names; those without a name are no longer there.</summary>
    /// <exception cref="InvalidDataException">Two tensors get the same name.</exception>
    public void Rename(Func<string, string?> name)
    {
        var renamed = new Dictionary<string, TensorEntry>();
        foreach (var entry in Tensors.Values)
            if (name(entry.Name) is { } to && !renamed.TryAdd(to, entry with { Name = to }))
                throw Wrong(Path, $"holds two tensors that are both '{Files.Printable.Text(to)}'");
        Tensors = renamed;
    }
}
