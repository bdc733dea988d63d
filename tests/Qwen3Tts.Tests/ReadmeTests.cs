using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Cli;
using Qwen3Tts.Generation;
using Qwen3Tts.Tests.Cli;

namespace Qwen3Tts.Tests;

/// <summary>The README's commands, paths and examples are correct.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void ItsCommandsExist()
    {
        var commands = Readme.Commands("qwen3tts", "Qwen3Tts.Cli").ToList();
        Assert.NotEmpty(commands);
        Assert.All(commands, c => CommandTests.AssertUnderstood(string.Join(' ', c), c));
    }

    /// <summary>The tests of the other program check the same sentence, so that both programs know the same commands.</summary>
    [Fact]
    public void ItNamesTheCommandsThatAreHandedOver() =>
        Assert.Contains($"`qwen3tts {string.Join('|', HandOver.Commands.Select(c => c.Name))} …`", Readme.Text, StringComparison.Ordinal);

    [Fact]
    public void CiRunsTheTestsAsItDoes()
    {
        const string command = "dotnet test -c Release";
        Assert.Contains($"\n{command}\n", Readme.Text, StringComparison.Ordinal);
        Assert.Contains($"\n{command} ", File.ReadAllText(Path.Combine(Golden.Repository, ".ci", "run")), StringComparison.Ordinal);
    }

    [Fact]
    public void ItsFilesAndFoldersExist() => Assert.All(
        Regex.Matches(Readme.Text, @"(?<![\w/.-])(?:src|tests|models|recordings)/[\w./-]*\w").Select(m => m.Value).Distinct(),
        path => Assert.True(Path.Exists(Path.Combine(Golden.Repository, path)), $"README.md names '{path}', which is not there."));

    /// <summary>Runs the README's C# example line by line; only the paths are made absolute here.</summary>
    [Fact]
    public async Task ItsExampleRuns()
    {
        var example = Regex.Match(Readme.Text, "^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value;
        var here = Regex.Match(File.ReadAllText(Here()), "// begin\n(.*?)// end", RegexOptions.Singleline).Groups[1].Value;
        Assert.Equal(Lines(example), Lines(Regex.Replace(here, @"In\((""[^""]*"")\)", "$1")));

        var written = Path.Combine(Scratch.New(), "out.wav");
        string In(string path) => path == "out.wav" ? written : Path.Combine(Golden.Repository, path);
        var played = 0;
        void Play(float[] samples) => played += samples.Length;
        var words = "Set white at B four now.".Split(' ').Select(word => word + " ").ToAsyncEnumerable();
        // begin
        using var tts = Tts.Load(In("models/mini"));
        var voice = tts.Clone(WavFile.Read(In("tests/Mini/clips/rms_1.wav")));
        WavFile.Write(In("out.wav"), tts.Say("Set white at B four now.", new SpeechOptions { Voice = voice }).Waveform);
        foreach (var samples in tts.Stream("Meet Anna on Monday at seven thirty.", new SpeechOptions { Voice = voice }))
            Play(samples); // chunk by chunk, the same samples
        await foreach (var chunk in tts.StreamAsync(words, new SpeechOptions { Voice = voice }))
            Play(chunk.Samples); // while the words arrive: any IAsyncEnumerable<string>
        // end
        Assert.True(played > tts.SampleRate / 2);
        Assert.True(WavFile.Read(written).Seconds > 0.5);
    }

    static IEnumerable<string> Lines(string code) =>
        code.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static string Here([CallerFilePath] string path = "") => path;

    /// <summary>Links within the repository name files that exist, and headings that their file has.</summary>
    [Fact]
    public void EveryLinkLeadsSomewhere()
    {
        var documents = Directory.GetFiles(Path.Combine(Golden.Repository, "docs"), "*.md")
            .Concat(Directory.GetFiles(Golden.Repository, "*.md")).ToList();
        var broken =
            from document in documents
            from Match link in Regex.Matches(File.ReadAllText(document), @"\]\((?!https?:)([^)#\s]*)(#([^)\s]+))?\)")
            let target = link.Groups[1].Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, link.Groups[1].Value)
            where !File.Exists(target) && !Directory.Exists(target)
                || link.Groups[3].Success && !Anchors(target).Contains(link.Groups[3].Value)
            select $"{Path.GetFileName(document)}: {link.Value}";
        Assert.Empty(broken);
    }

    // As GitHub makes them: letters, digits, hyphens and underscores of the heading in lower case, spaces as hyphens.
    static HashSet<string> Anchors(string document) => [.. File.ReadLines(document).Where(l => l.StartsWith('#'))
        .Select(l => Regex.Replace(l.TrimStart('#').Trim().ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-'))];
}
