// The options of 'say' that say where the speech goes.
using System.CommandLine;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;

namespace Qwen3Tts.Cli;

sealed class OutputFlags
{
    const string Standard = "-"; // standard output

    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The file to write. Its extension chooses the format: .wav, .flac, .opus or .ogg (Opus), and .mp3, .m4a or .aac " +
            "with the program ffmpeg. - streams WAV to standard output. Default: a new file, speech.wav or speech-2.wav and so on; "
            + "none with --play.",
        HelpName = "AUDIO",
    };
    readonly Option<bool> _play = new("--play")
    {
        Description = "Play the speech while it is generated, with paplay, aplay, ffplay, pw-play, afplay or PowerShell.",
    };
    readonly Option<bool> _raw = new("--raw")
    {
        Description = "With -o -: only the samples, little-endian and mono, without the WAV header.",
    };
    readonly Option<string?> _bits = new Option<string?>("--bits")
    {
        Description = "Bits of a sample: WAV takes all three, FLAC takes integers. Default: 16.",
        HelpName = string.Join('|', SampleFormats.Keys),
    }.OneOf([.. SampleFormats.Keys]);
    readonly Option<string?> _srt = new("--srt")
    {
        Description = "Also write subtitles in the format SubRip: each sentence that was spoken, with its times.",
        HelpName = "SRT",
    };
    readonly Option<bool> _json = new("--json")
    {
        Description = "Write what was spoken as JSON to standard output; docs/json.md describes it.",
    };

    static Dictionary<string, WavFormat> SampleFormats =>
        new() { ["16"] = WavFormat.Pcm16, ["24"] = WavFormat.Pcm24, ["float"] = WavFormat.Float32 };

    public IEnumerable<Option> All => [_output, _play, _raw, _bits, _srt, _json];

    public string? Srt(ParseResult parsed) => parsed.GetValue(_srt);

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Where the speech goes. All that can be refused is refused here, before anything is computed.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="inputs">Files and folders that are read.</param>
    /// <exception cref="ArgumentException">Options do not go together, or an output is an input.</exception>
    /// <exception cref="IOException">There is a file that this program did not write, or no program that plays.</exception>
    public SpokenTarget Read(ParseResult parsed, IEnumerable<string?> inputs)
    {
        var isUsual = parsed.GetValue(_output) is null && !parsed.GetValue(_play);
        var given = parsed.GetValue(_output);
        if (Directory.Exists(given))
            throw new ArgumentException($"'{given}' is a folder. Give --output the name of the file to write.");
        var (file, srt) = (given == Standard ? null : given, parsed.GetValue(_srt));
        if (parsed.GetValue(_raw) && given != Standard)
            throw new ArgumentException("--raw is for standard output. Give it together with -o -.");
        if (srt == Standard || srt is not null && (file is not null && FileIdentity.Same(srt, file) || isUsual && IsUsual(srt)))
            throw new ArgumentException($"--srt is '{srt}', where the speech goes or may go. Name a file of its own, such as out.srt.");
        OutputFile.CheckAreNoInputs(new[] { file, srt }.OfType<string>(), inputs);
        WavFormat? samples = parsed.GetValue(_bits) is { } bits ? SampleFormats[bits] : null;
        if (file is not null)
            AudioFormats.Check(file, samples);
        if (parsed.GetValue(_play))
            PlayerProgram.Find(); // before a model is loaded
        var target = new SpokenTarget(file, given == Standard, parsed.GetValue(_raw), samples ?? WavFormat.Pcm16, parsed.GetValue(_play))
        {
            Usual = isUsual ? Usual() : null,
        };
        if (parsed.GetValue(_json) && target.TakesStandardOutput)
            throw new ArgumentException("--json and the speech would both go to standard output. Write the speech to a file.");
        return target;
    }

    /// <summary>The names that are tried if none is given.</summary>
    static IEnumerable<string> Usual() => Enumerable.Range(2, int.MaxValue - 2).Select(n => $"speech-{n}.wav").Prepend("speech.wav");

    static bool IsUsual(string path) => Usual().Where(n => !Path.Exists(n)).Take(1).Any(n => FileIdentity.Same(n, path));
}
