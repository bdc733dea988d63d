// Chooses the held-out clips, which are never trained on. Each text gets a number that depends only on its own letters and the seed, and
// the texts with the lowest numbers are held out. So a clip stays on its side when others are added or removed, and all clips of one
// sentence are on one side.
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Data;

/// <summary>How many clips are held out: a share of the texts, or a number of clips.</summary>
/// <param name="Share">Share of all texts, 0 to 1. Adding clips does not change the side of the others.</param>
/// <param name="Count">Number of clips, at most. An added clip may replace one that was held out.</param>
readonly record struct HeldOut(double? Share, int? Count)
{
    /// <summary>Parses "5%", or a number of clips.</summary>
    /// <exception cref="ArgumentException">The text is neither.</exception>
    public static HeldOut Parse(string text) =>
        text.EndsWith('%') && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
            && percent is >= 0 and < 100 ? new(percent / 100, null)
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? new(null, count)
        : throw new ArgumentException(
            $"--held-out is '{Files.Printable.Text(text)}', expected a number of clips or a share below 100 %, such as 16 or 5%. Correct " +
            $"it, or leave the option out.");

    /// <summary>Of fewer clips none is held out by default.</summary>
    public const int Fewest = 16;

    const int Part = 8, Most = 16;

    /// <summary>
    /// The usual number of held-out clips: an eighth, at most 16. Of fewer than 16 clips none: each is needed for training, and one or two
    /// say little.
    /// </summary>
    public static int Usual(int clips) => clips < Fewest ? 0 : Math.Min(Most, clips / Part);

    /// <summary>The list's own choice for each clip; if the list has none, <paramref name="requested"/> clips are chosen.</summary>
    /// <param name="clips">All clips.</param>
    /// <param name="requested">A number of clips; null: the list's choice, or the usual number.</param>
    /// <exception cref="ArgumentException">The list's choice differs from the requested one.</exception>
    public static bool[] Select(IReadOnlyList<Clip> clips, int? requested)
    {
        if (clips.All(c => c.HeldOut is null))
            return requested is { } count ? new HeldOut(null, count).Choose(clips)
                : new HeldOut(null, Usual(clips.Count)).Draw(clips, seed: 1);
        var listed = clips.Select(c => c.HeldOut == true).ToArray();
        return requested is null or 0 || requested == listed.Count(held => held) ? listed
            : throw new ArgumentException(
                $"--held-out is {requested}, but the data holds out {listed.Count(held => held)} clips, chosen when it was imported. " +
                "Leave the option out.");
    }

    /// <summary>
    /// True if a clip with a doubt is not held out, because its text or its recording may be wrong, and a measure must be right. False if
    /// more than half of all clips have one, so that it says nothing about a single clip.
    /// </summary>
    public static bool DoubtsCount(IReadOnlyList<Clip> clips) => clips.Count(c => c.Doubtful) <= clips.Count / 2;

    /// <summary>For each clip: true if it is held out.</summary>
    /// <exception cref="ArgumentException">No clip would be left to train on, or none would be held out although some are
    /// requested.</exception>
    public bool[] Choose(IReadOnlyList<Clip> clips, int seed = 1)
    {
        var chosen = Draw(clips, seed);
        var held = chosen.Count(c => c);
        if (held == 0 && Count > 0)
            throw new ArgumentException(
                $"--held-out is {Count}, but each text has more clips than that, and clips of one text are held out together. Give a " +
                $"larger number, or 0.");
        return held < clips.Count ? chosen
            : throw new ArgumentException(
                $"--held-out would hold out all {clips.Count} clips, and none would be left to train on. Give a smaller number.");
    }

    bool[] Draw(IReadOnlyList<Clip> clips, int seed)
    {
        var chosen = new bool[clips.Count];
        var without = DoubtsCount(clips) ? clips.Select(c => c.Doubtful).ToArray() : new bool[clips.Count];
        var (held, texts) = (0, Enumerable.Range(0, clips.Count).GroupBy(i => KeepLetters(clips[i].Text))
            .Where(g => !g.Any(i => without[i]))
            .Select(g => (Draw: Draw(g.Key, seed), Clips: g.ToList())).OrderBy(g => g.Draw));
        foreach (var (draw, copies) in texts)
            if (Share is { } share ? draw < share : held + copies.Count <= Count)
            {
                held += copies.Count;
                copies.ForEach(i => chosen[i] = true);
            }
        return chosen;
    }

    /// <summary>Only the letters and digits of a text: a comma does not make another sentence.</summary>
    static string KeepLetters(string text)
    {
        var listed = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            if (Rune.IsLetterOrDigit(rune))
                listed.Append(Rune.ToLowerInvariant(rune));
        return listed.ToString();
    }

    static double Draw(string listed, int seed) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\n{listed}"))) / Math.Pow(2, 64);
}
