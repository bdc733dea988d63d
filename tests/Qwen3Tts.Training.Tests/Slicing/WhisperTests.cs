using System.Runtime.InteropServices;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Tests.Slicing;

/// <summary>whisper.cpp runs in this process, with a model that always says the same sentence; and files that are no model are refused
/// before whisper.cpp reads them, because it would end the process.</summary>
public sealed class WhisperTests
{
    static readonly Lazy<string> Model = new(() => WhisperFile.Write(" These", " words", " are", " said", " (music)", " here"));

    static void NeedLibrary() => Assert.SkipWhen(OperatingSystem.IsLinux() && !NativeLibrary.TryLoad("libgomp.so.1", out _),
        "whisper.cpp needs libgomp, which is not here: apt-get install libgomp1.");

    [Fact]
    public void AClipIsHeard()
    {
        NeedLibrary();
        using var whisper = WhisperModel.Open(Model.Value, "English");
        var clip = new Waveform([.. Enumerable.Range(0, 16000).Select(i => 0.2f * MathF.Sin(i * 0.05f))], 16000);
        Assert.Equal("These words are said here", whisper.Hear(clip, default));
        Assert.Equal("These words are said here", whisper.Hear(clip, default)); // a second clip
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => whisper.Hear(clip, stopped.Token));
    }

    static (int Code, string Errors) Slice(string audio, string output, params string[] options)
    {
        using var errors = new StringWriter();
        return (CommandRun.Run(TrainingCommands.Root(), ["slice", audio, "-o", output, "--transcribe", "whisper", .. options], errors),
            errors.ToString());
    }

    [Fact]
    public void SliceWritesWhatItHears()
    {
        NeedLibrary();
        var (audio, output) = (Path.Combine(Scratch.New("long"), "long.wav"), Path.Combine(Scratch.New("slice"), "clips"));
        Joined.Nora(0, 4).Write(audio, noise: 0.0005);
        var (code, errors) = Slice(audio, output, "--whisper-model", Model.Value);
        Assert.True(code == CommandRun.Done, errors);
        Assert.All(ClipList.Read(output, new()), c => Assert.Equal("These words are said here", c.Text));
    }

    [Theory]
    [InlineData("--whisper-model", "nowhere.bin", "--whisper-model is 'nowhere.bin', and this is no file. Name a ggml file")]
    [InlineData("--language", "Irish", "does not know the language 'Irish'. Leave --language out")]
    public void WhatCannotBeUsedIsRefused(string option, string value, string message)
    {
        NeedLibrary();
        string[] model = option == "--whisper-model" ? [] : ["--whisper-model", Model.Value];
        var (code, errors) = Slice(Path.Combine(Mini.Recordings, "01.wav"), Path.Combine(Scratch.New("slice"), "clips"),
            [option, value, .. model]);
        Assert.Equal(CommandRun.UsersMistake, code);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    /// <summary>Each number of the header, and the ends of the parts.</summary>
    [Theory]
    [InlineData(0, "does not begin as a ggml file does")]
    [InlineData(4, "n_vocab is 1936287828, expected 51864 to 51866")]
    [InlineData(16, "n_audio_head is 1936287828")]
    [InlineData(40, "n_mels is 1936287828")]
    [InlineData(44, "ftype is 1936287828")]
    [InlineData(28, "n_text_state is 1936287828")]
    [InlineData(48, "the number of mel bands is 1936287828, expected 80")]
    [InlineData(64_376, "the size of the vocabulary is 1936287828")]
    [InlineData(64_380, "the length of a token is 1936287828")]
    [InlineData(64_443, "the number of dimensions is 1936287828")]
    [InlineData(64_451, "the type of a tensor is 1936287828")]
    public void AWrongNumberIsNamed(int place, string message)
    {
        var bytes = File.ReadAllBytes(Model.Value);
        "This"u8.CopyTo(bytes.AsSpan(place));
        Refused(bytes, message);
    }

    [Theory]
    [InlineData(2, "does not begin as")]
    [InlineData(47, "ends before ftype")]
    [InlineData(3000, "ends within the mel filters")]
    [InlineData(64_385, "ends")]
    [InlineData(64_443, "has no weights")]
    [InlineData(1_000_000, "ends within the tensor 'decoder.token_embedding.weight'")]
    public void AnIncompleteFileIsNamed(int length, string message) => Refused(File.ReadAllBytes(Model.Value)[..length], message);

    static void Refused(byte[] bytes, string message)
    {
        var file = Path.Combine(Scratch.New("whisper"), "ggml-bad.bin");
        File.WriteAllBytes(file, bytes);
        var refusal = Assert.Throws<InvalidDataException>(() => WhisperModel.Open(file, null)).Message;
        Assert.StartsWith(file, refusal, StringComparison.Ordinal);
        Assert.Contains(message, refusal, StringComparison.Ordinal);
        Assert.EndsWith("Name a file of whisper.cpp such as ggml-base.bin, or download it again.", refusal, StringComparison.Ordinal);
    }
}
