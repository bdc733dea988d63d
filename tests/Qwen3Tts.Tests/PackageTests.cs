// The packages as their users get them: packed into a folder, installed from there, and used. The projects lie in the temporary folder, so
// that no setting of the repository reaches them. The packages are unpacked there, so that the machine's own package folder stays clean.
using System.IO.Compression;
using System.Runtime.Intrinsics.X86;
using System.Text;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests;

public sealed class PackageTests(Packages packages) : IClassFixture<Packages>
{
    const long LargestNativeProgram = 15_000_000;

    /// <summary>The README's samples and those of the packages compile as they stand, and speak with the miniature.</summary>
    [Fact]
    public void AProgramThatInstallsThePackageRunsTheSamplesOfTheReadmes()
    {
        var project = packages.NewProject();
        var samples = Packages.WriteSamples(project);
        Packages.Dotnet(project, "build", "-c", "Release", "-o", "bin");
        Packages.Run(project, Path.Combine(project, "bin", "Program"), Packages.Players(project));
        foreach (var file in samples)
            Assert.True(WavFile.Read(Path.Combine(project, file)).Seconds > 0.5, file);
        if (!OperatingSystem.IsWindows())
            Assert.InRange(new FileInfo(Path.Combine(project, Packages.Played)).Length, 2 * 24_000, 2 * 24_000 * 30); // two speeches
    }

    [Fact]
    public void CompiledAheadOfTimeItIsSmallAndFast()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "On Windows, ahead-of-time compilation needs Visual Studio's linker.");
        var linker = new[] { "clang", "gcc" }.FirstOrDefault(l => ExternalProgram.OnPath(l) is not null);
        Assert.SkipWhen(linker is null, "Ahead-of-time compilation needs clang or gcc, and neither is installed.");
        var project = packages.NewProject();
        Packages.WriteSamples(project);
        Packages.Dotnet(project, "publish", "-c", "Release", "-o", "bin", "-p:PublishAot=true", $"-p:CppCompilerAndLinker={linker}");
        var program = Path.Combine(project, "bin", "Program");
        Assert.InRange(new FileInfo(program).Length, 1, LargestNativeProgram);
        // QWEN3TTS_SIMD is an error if the program has no such instructions.
        Packages.Run(project, program, ("QWEN3TTS_SIMD", Avx2.IsSupported ? "avx2" : "portable"), Packages.Players(project));
    }

    [Fact]
    public void TheToolCanBeInstalledAndRuns()
    {
        var folder = packages.NewProject();
        Packages.Dotnet(folder, "tool", "install", "Qwen3Tts.Cli", "--version", packages.Version, "--tool-path", "tools");
        var help = Packages.Run(folder, Path.Combine(folder, "tools", OperatingSystem.IsWindows() ? "qwen3tts.exe" : "qwen3tts"), [],
            "--help");
        Assert.Contains("qwen3tts [command]", help, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePackageHasDocumentationAndNamesNoFolderOfTheMachine()
    {
        using var package = ZipFile.OpenRead(Path.Combine(packages.Feed, $"Qwen3Tts.{packages.Version}.nupkg"));
        Assert.All(
            (string[])["lib/net10.0/Qwen3Tts.dll", "lib/net10.0/Qwen3Tts.xml", "README.md", "NOTICE", "buildTransitive/Qwen3Tts.targets"],
            entry => Assert.NotNull(package.GetEntry(entry)));
        Assert.True(File.Exists(Path.Combine(packages.Feed, $"Qwen3Tts.{packages.Version}.snupkg")));
        using var library = new MemoryStream();
        using (var stored = package.GetEntry("lib/net10.0/Qwen3Tts.dll")!.Open())
            stored.CopyTo(library);
        if (Packages.Configuration == "Release")
            Assert.Equal(-1, library.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(Golden.Repository)));
    }

    /// <summary>Libraries whose packages are not installed beside the tool, because it contains them.</summary>
    [Fact]
    public void TheToolHasTheLicencesOfAllLibrariesThatItContains()
    {
        using var package = ZipFile.OpenRead(Path.Combine(packages.Feed, $"Qwen3Tts.Cli.{packages.Version}.nupkg"));
        using var reader = new StreamReader(package.GetEntry("THIRD-PARTY-NOTICES.txt")!.Open());
        var notices = reader.ReadToEnd();
        var libraries = package.Entries.Where(e => e.Name.EndsWith(".dll", StringComparison.Ordinal))
            .Select(e => Path.GetFileNameWithoutExtension(e.Name).Replace(".resources", "", StringComparison.Ordinal)).Distinct()
            .Where(name => !name.StartsWith("Qwen3Tts", StringComparison.Ordinal)).ToList();
        Assert.Contains("Concentus", libraries);
        Assert.All(libraries, name => Assert.Matches($@"\b{Regex.Escape(name)}\b(?!\.)", notices));
    }

    /// <summary>The site of the packages shows their readmes without the repository.</summary>
    [Fact]
    public void LinksOfThePackagesReadmesWorkOutsideTheRepository() => Assert.All(
        Directory.GetFiles(Path.Combine(Golden.Repository, "src"), "PACKAGE.md", SearchOption.AllDirectories),
        readme => Assert.DoesNotMatch(@"\]\((?!https:)", File.ReadAllText(readme)));
}
