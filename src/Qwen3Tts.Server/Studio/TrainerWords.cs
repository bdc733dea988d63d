// The trainer writes for people who type commands. On the page there are buttons: what the trainer says to type is put in words of the
// page, or left out where the page has nothing for it.
using System.Text.RegularExpressions;

namespace Qwen3Tts.Server.Studio;

static partial class TrainerWords
{
    /// <summary>What the trainer says to type, as a pattern, and what does the same on the page.</summary>
    static readonly (string Typed, string OnThePage)[] Remedies =
    [
        ("^Next: qwen3tts-train prepare .*", "Next: listen to the clips, and press 'Train'."),
        (": write it with 'qwen3tts-train review .*", ": write down beside each clip what is said in it."),
        (", or give subtitles \\(.srt\\)", ", and correct their words"),
        ("The table says why; --shortest.*", "'What the trainer says' names the reasons."),
        ("^The voice: qwen3tts say .*", "Speak with it under 'Result'."),
        ("Go on with: qwen3tts-train .*", "To go on, press 'Go on' or 'Train'."),
        ("give the same command again", "press the button again"),
        ("start again with --overwrite", "press 'Start over'"),
        ("Use --epochs [0-9]+", "Give fewer steps"),
        ("Use --lora [0-9]+, or train without --lora", "Choose 'a whole model' as the result"),
        ("Use --language auto", "Choose 'not named' as the language"),
    ];

    /// <summary>A line of the trainer as the page shows it; empty if nothing of it fits the page.</summary>
    public static string OnThePage(string line)
    {
        foreach (var (typed, onThePage) in Remedies)
            line = Regex.Replace(line, typed, onThePage);
        return string.Join(' ', BetweenSentences().Split(Parenthesis().Replace(line, "")).Select(WithoutCommands).Where(s => s.Length > 0));
    }

    /// <summary>A sentence without those of its alternatives that name an option or a command; empty if all do.</summary>
    static string WithoutCommands(string sentence)
    {
        if (!Command().IsMatch(sentence))
            return sentence;
        var end = sentence.EndsWith('.') ? "." : "";
        var kept = string.Join(", ", BetweenAlternatives().Split(sentence[..^end.Length]).Where(a => !Command().IsMatch(a)));
        return kept.Length == 0 ? "" : char.ToUpperInvariant(kept[0]) + kept[1..] + end;
    }

    [GeneratedRegex(@"(?<![\w-])(--[a-z]|-[a-z]\b)|qwen3tts(-train)? [a-z]", RegexOptions.ExplicitCapture)]
    private static partial Regex Command();

    [GeneratedRegex(@" \([^()]*(?<![\w-])--[a-z][^()]*\)")]
    private static partial Regex Parenthesis();

    [GeneratedRegex("(?<=[.!?]) (?=[A-Z'0-9])")]
    private static partial Regex BetweenSentences();

    [GeneratedRegex("; |, or ")]
    private static partial Regex BetweenAlternatives();
}
