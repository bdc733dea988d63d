// Weights in another layout get the official names, so that no network has to know that layout.
namespace Qwen3Tts.Checkpoint;

sealed partial class Weights
{
    /// <summary>The layout in the files; null if all names are the same in both layouts. Here all names are official ones.</summary>
    public FoundLayout? Layout { get; private set; }

    /// <exception cref="InvalidDataException">The files mix two layouts, or are in another one than config.json.</exception>
    void TakeOfficialNames(FoundLayout? ofConfig)
    {
        Layout = TransformersLayout.Recognise(_tensors.Keys, _place);
        TransformersLayout.CheckSame(ofConfig, Layout, _place);
        if (Layout?.Layout != CheckpointLayout.Transformers)
            return;
        _tensors.Clear();
        foreach (var file in _files)
        {
            file.Rename(TransformersLayout.OfficialName);
            foreach (var entry in file.Tensors.Values)
                if (!_tensors.TryAdd(entry.Name, (file, entry)))
                    throw new InvalidDataException($"{_place}: two tensors are both '{Files.Printable.Text(entry.Name)}'. Download the " +
                        $"weights again.");
        }
    }

    /// <summary>For a message with official names about files that have others.</summary>
    string OtherNames => Layout?.Layout == CheckpointLayout.Transformers
        ? $" (The files are in {TransformersLayout.Describe(CheckpointLayout.Transformers)}; these are the official names.)" : "";
}
