using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests;

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

    /// <summary>A PATH with players that keep the sound and play none. Windows has no scripts for this: there, the samples are
    /// heard.</summary>
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
