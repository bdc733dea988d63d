namespace Qwen3Tts.Checkpoint;

sealed partial class SafetensorsFile
{
    const string WriteAgain = "Take the file of the released model, or save it again with the program that made it";

    /// <summary>An error that another copy of the file can fix.</summary>
    static InvalidDataException Cut(string path, string what) =>
        new($"{path} {what}. It is not a complete safetensors file: copy or download it again.");

    /// <summary>An error that is in the file as its program wrote it.</summary>
    static InvalidDataException Wrong(string path, string what, string remedy = WriteAgain) => new($"{path} {what}. {remedy}.");
}
