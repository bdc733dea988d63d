// The packages as their users get them: packed into a folder, installed from there, and used. The projects lie in the temporary folder, so
// that no setting of the repository reaches them. The packages are unpacked there, so that the machine's own package folder stays clean.
using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
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

/// <summary>The packages of this build, in a folder that serves as a feed.</summary>
public sealed class Packages
{
    static readonly string[] Projects = ["Qwen3Tts", "Qwen3Tts.Extensions.AI", "Qwen3Tts.Cli"];

    internal static string Configuration { get; } =
        typeof(Packages).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    internal string Feed { get; } = Scratch.New("feed");
    internal string Version { get; } = "0.0.1-test";

    public Packages()
    {
        foreach (var project in Projects)
            Dotnet(Golden.Repository, "pack", $"src/{project}", "-c", Configuration, "--no-build", "-o", Feed,
                $"-p:PackageVersion={Version}");
    }

    /// <summary>A folder with a project that refers to the library's package, and with what the readmes speak about.</summary>
    internal string NewProject()
    {
        var folder = Scratch.New("consumer");
        // Installed packages are read where they lie. The feeds of the machine are added by NuGet itself.
        var installed = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } other ? other
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="packages" /></config>
              <packageSources><add key="packed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders>{(Directory.Exists(installed) ? $"<add key=\"installed\" value=\"{installed}\" />" : "")}
              </fallbackPackageFolders>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NoWarn>$(NoWarn);CS1998</NoWarn><!-- a sample that awaits nothing -->
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Qwen3Tts.Extensions.AI" Version="{Version}" /><!-- brings Qwen3Tts -->
                <PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="{Pinned("Microsoft.Extensions.DependencyInjection")}" />
              </ItemGroup>
            </Project>
            """);
        var recording = Path.Combine("tests", "Mini", "clips", "rms_1.wav");
        Directory.CreateDirectory(Path.Combine(folder, Path.GetDirectoryName(recording)!));
        foreach (var copy in new[] { recording, "me.wav" })
            File.Copy(Path.Combine(Golden.Repository, recording), Path.Combine(folder, copy));
        using (var tts = Tts.Load(Mini.Model))
            tts.CreateVoice("me", [("me.wav", AudioFile.Read(Path.Combine(folder, "me.wav")))])
                .Write(Path.Combine(folder, "me.voice.safetensors"));
        // A folder of that name is taken before a downloaded model.
        foreach (var model in new[] { "models/mini", "Qwen/Qwen3-TTS-12Hz-0.6B-Base" })
        {
            Directory.CreateDirectory(Path.Combine(folder, Path.GetDirectoryName(model)!));
            CopyFolder(Path.Combine(Golden.Repository, "models", "mini"), Path.Combine(folder, model));
        }
        return folder;
    }

    /// <summary>
    /// Writes every C# sample of the readmes into the project: its usings at the head of a file, and the rest into a method, since only one
    /// file of a project may have statements outside of methods. Returns the names of the sound files that the samples write.
    /// </summary>
    internal static IReadOnlyList<string> WriteSamples(string project)
    {
        var samples = (
            from readme in Projects.Select(p => Path.Combine("src", p, "PACKAGE.md")).Prepend("README.md")
            from Match block in Regex.Matches(File.ReadAllText(Path.Combine(Golden.Repository, readme)).ReplaceLineEndings("\n"),
                "^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
            select block.Groups[1].Value).ToList();
        Assert.NotEmpty(samples);
        for (var i = 0; i < samples.Count; i++)
        {
            var lines = samples[i].Split('\n').ToLookup(l => Regex.IsMatch(l, @"^using [\w.]+;"));
            File.WriteAllText(Path.Combine(project, $"Sample{i}.cs"), $$"""
                {{string.Join('\n', lines[true])}}
                static class Sample{{i}}
                {
                    public static async Task Run()
                    {
                {{string.Join('\n', lines[false])}}
                    }
                }
                """);
        }
        File.WriteAllLines(Path.Combine(project, "Program.cs"), samples.Select((_, i) => $"await Sample{i}.Run();"));
        return [.. samples.SelectMany(s => Regex.Matches(s, @"(?:Write|WriteAllBytes|Create)\(""([^""]+\.wav)""")).Select(m => m.Groups[1].Value)
            .Distinct()];
    }

    /// <summary>The file that has what <see cref="Players"/> were given: 16-bit samples.</summary>
    internal const string Played = "played.raw";

    /// <summary>A PATH with players that keep the sound and play none. Windows has no scripts for this: there, the samples are heard.</summary>
    internal static (string, string?) Players(string project)
    {
        var folder = Directory.CreateDirectory(Path.Combine(project, "players")).FullName;
        var path = Environment.GetEnvironmentVariable("PATH");
        if (OperatingSystem.IsWindows())
            return ("PATH", path);
        foreach (var player in new[] { "paplay", "ffplay" }) // the first ones of Linux and macOS
        {
            File.WriteAllText(Path.Combine(folder, player), $"#!/bin/sh\nexec cat >> '{Path.Combine(project, Played)}'\n");
            File.SetUnixFileMode(Path.Combine(folder, player), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        return ("PATH", folder + Path.PathSeparator + path);
    }

    static string Pinned(string package) => Regex.Match(File.ReadAllText(Path.Combine(Golden.Repository, "Directory.Packages.props")),
        $"Include=\"{Regex.Escape(package)}\" Version=\"([^\"]+)\"").Groups[1].Value;

    static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    internal static void Dotnet(string folder, params string[] arguments)
    {
        // No server that lives longer than the command: it would hold the command's output open.
        (string, string?)[] variables = [("MSBUILDDISABLENODEREUSE", "1"), ("UseSharedCompilation", "false"), ("DOTNET_NOLOGO", "1"),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("MSBuildSDKsPath", null), ("MSBuildExtensionsPath", null), ("MSBUILD_EXE_PATH", null)];
        Run(folder, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", variables, arguments);
    }

    internal static string Run(string folder, string program, params (string Name, string? Value)[] variables) =>
        Run(folder, program, variables, []);

    /// <summary>Runs a program in a folder to its end; it must succeed. Returns what it printed.</summary>
    internal static string Run(string folder, string program, (string Name, string? Value)[] variables, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{output}\n{errors.Result}");
        return output;
    }
}
