using System.Diagnostics;
using CsCheck;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests;

/// <summary>Two paths lead to one file exactly if the system has the same numbers for both.</summary>
public sealed class FileIdentityTests
{
    readonly string _root = Scratch.New("identity");

    // Files that exist, and files that would be created in one place under two names.
    static readonly string[] There = ["a.wav", "copy.wav", "b.wav", "empty", "also-empty", "link.wav", "d", "d/hard.wav", "d/up.wav", "e",
        "e/hard.wav", "d/back", "d/back/a.wav", "twice"];
    static readonly (string Name, string Place)[] New = [("new.wav", "new.wav"), ("d/new.wav", "d/new.wav"), ("e/new.wav", "d/new.wav"),
        ("dangling.wav", "d/new.wav"), ("d/back/new.wav", "new.wav"), ("no/such/new.wav", "no/such/new.wav")];

    string In(string name) => Path.Combine(_root, name);

    void Make()
    {
        Directory.CreateDirectory(In("d"));
        foreach (var file in new[] { "a.wav", "copy.wav", "b.wav", "empty", "also-empty" })
            File.WriteAllText(In(file), file.EndsWith("empty", StringComparison.Ordinal) ? "" : file == "b.wav" ? "other sound" : "sound");
        foreach (var (link, target) in new[] { ("link.wav", "a.wav"), ("d/up.wav", "../b.wav"), ("dangling.wav", "d/new.wav"),
            ("twice", "link.wav") })
            File.CreateSymbolicLink(In(link), target);
        Directory.CreateSymbolicLink(In("e"), "d");
        Directory.CreateSymbolicLink(In("d/back"), "..");
        Output("ln", In("a.wav"), In("d/hard.wav"));
        foreach (var file in new[] { "a.wav", "copy.wav", "empty", "also-empty" })
            // equal sizes and times do not make two files one
            File.SetLastWriteTimeUtc(In(file), new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    static readonly string[] Detours = ["", "./", "d/../", "nowhere/../", "./d/.././", "e/../", "d/back/", "e/back/d/back/", "/"];

    [Fact]
    public void TwoPathsAreOneFileWhereTheSystemSaysSo()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has neither ln nor stat");
        Make();
        var numbers = Output("stat", ["-L", OperatingSystem.IsMacOS() ? "-f%d:%i" : "-c%d:%i", .. There.Select(In)])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        List<(string Name, string Id, bool IsFolder)> all =
            [.. There.Zip(numbers, (name, id) => (name, id, Directory.Exists(In(name)))), .. New.Select(n => (n.Name, n.Place, false))];
        var path = Gen.Select(Gen.Int[0, all.Count - 1], Gen.Int[0, Detours.Length - 1], Gen.Bool, Gen.Bool)
            .Select((i, detour, relative, ends) =>
        {
            var full = $"{_root}/{Detours[detour]}{all[i].Name}{(ends && all[i].IsFolder ? "/" : "")}";
            return (Path: relative ? Path.GetRelativePath(Directory.GetCurrentDirectory(), _root) + full[_root.Length..] : full, all[i].Id);
        });
        // One thread, because a file that another thread has open counts as the same file, on purpose.
        Gen.Select(path, path).Sample((one, other) =>
            Assert.True(FileIdentity.Same(one.Path, other.Path) == (one.Id == other.Id),
                $"'{one.Path}' ({one.Id}) and '{other.Path}' ({other.Id})"), iter: 3000, threads: 1);
    }

    [Fact]
    public void LinksInACircleAreReported()
    {
        File.CreateSymbolicLink(In("x"), In("y"));
        File.CreateSymbolicLink(In("y"), In("x"));
        Assert.Contains("circle", Assert.Throws<IOException>(() => FileIdentity.Resolve(In("x"))).Message);
    }
}
