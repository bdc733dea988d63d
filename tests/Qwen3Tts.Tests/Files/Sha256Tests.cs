using System.Security.Cryptography;
using CsCheck;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Tests.Cli;

namespace Qwen3Tts.Tests.Files;

/// <summary>The hashes that are written here are those of .NET, which on Linux needs libssl, and speaking needs no libssl.</summary>
public sealed class Sha256Tests
{
    static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 300];

    [Fact]
    public void HashesAreThoseOfDotnet() => Gen.Select(Bytes, Bytes, Bytes).Sample((a, b, c) =>
    {
        var (sha, md5) = (new Sha256(), new Md5());
        byte[] all = [.. a, .. b, .. c];
        foreach (var part in new[] { a, b, c })
        {
            sha.Add(part);
            _ = sha.Current(); // and goes on
            md5.Add(part);
        }
        Assert.Equal(SHA256.HashData(all), sha.Current());
        Assert.Equal(SHA256.HashData(all), Sha256.Of(new MemoryStream(all)));
#pragma warning disable CA5351 // the checksum of FLAC
        Assert.Equal(MD5.HashData(all), md5.Finish());
#pragma warning restore CA5351
    }, iter: 1000);

    [Fact]
    public void SpeakingLoadsNoLibssl()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The other systems have hashes of their own.");
        var folder = Scratch.New();
        var (code, _, error) = UseTests.Bytes(["/usr/bin/env", "LD_DEBUG=files", $"LD_DEBUG_OUTPUT={folder}/loaded"], folder,
            "say", "Set white at B four now.", "--voice", Path.Combine(Mini.Folder, "clips", "rms_1.wav"), "--model", Mini.Model,
            "--precision", "int8", "--max-seconds", "0.2", "-o", "out.flac");
        Assert.Equal("", code == 0 ? "" : error);
        var loaded = string.Concat(Directory.GetFiles(folder, "loaded*").Select(File.ReadAllText));
        Assert.SkipUnless(loaded.Contains("libcoreclr.so", StringComparison.Ordinal), "This loader does not report what it loads.");
        Assert.DoesNotContain("libssl", loaded, StringComparison.Ordinal);
    }
}
