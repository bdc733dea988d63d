using Qwen3Tts.Server;
using Qwen3Tts.Tests.Server.Studio;

namespace Qwen3Tts.Tests.Server;

/// <summary>Voices and models that come and go while the server runs, in unlucky order.</summary>
public sealed class VoiceShelfTests
{
    static (VoiceShelf Shelf, ServedModels Models, string Folder) Open()
    {
        var folder = Scratch.New("voices");
        var models = new ServedModels([new("mini", Served.Model, false)]);
        return (VoiceShelf.Open(Served.Options with { VoicesFolder = folder }, models), models, folder);
    }

    /// <summary>The model that made it was removed meanwhile.</summary>
    [Fact]
    public void AVoiceThatNoModelCanUseLeavesNoFile()
    {
        var (shelf, _, folder) = Open();
        var voice = Served.Model.CreateVoice("me", [("rms_1.wav", Served.Clip)]);
        Assert.Throws<ArgumentException>(() => shelf.Add("me", voice with { EncoderSha256 = new string('0', 64) }));
        Assert.Empty(Directory.GetFiles(folder, "*.safetensors"));
        shelf.Add("me", voice); // the name is free
    }

    /// <summary>Its files were removed while it was loaded.</summary>
    [Fact]
    public void AModelThatCannotBeComparedWithAVoiceIsNotServed()
    {
        var (shelf, models, _) = Open();
        shelf.Add("me", Served.Model.CreateVoice("me", [("rms_1.wav", Served.Clip)], "Set white at B four now."));
        var export = Path.Combine(TrainedModelTests.Trained("vera").Folder!, "vera", "voice", "run", "export");
        using var model = Tts.Load(export, new() { Threads = 1 });
        Directory.Delete(Path.Combine(export, "speech_tokenizer"), recursive: true);
        Assert.ThrowsAny<IOException>(() => shelf.Admit(new("vera", model, true)));
        Assert.Equal("mini", Assert.Single(models.All).Name);
    }
}
