// Which sounds do the texts have? Pairs of letters stand for them, within words and at their borders: they need no dictionary and no
// knowledge of the language. The texts to record next are those that add most pairs which the data lacks.
using System.Globalization;
using System.Text;

namespace Qwen3Tts.Training.Data;

/// <param name="Letters">Number of different letters.</param>
/// <param name="Pairs">Number of different pairs of letters; a space is a letter here.</param>
/// <param name="Rare">Letters that fewer than <see cref="Enough"/> clips have, the rarest first.</param>
/// <param name="Covered">Share of the pairs in the suggested texts, weighted by how often they are there, that the data has.</param>
/// <param name="Next">Texts to record next, the most useful first.</param>
sealed record Coverage(int Letters, int Pairs, IReadOnlyList<string> Rare, double Covered, IReadOnlyList<string> Next)
{
    /// <summary>A sound is learned from several clips.</summary>
    public const int Enough = 3;

    /// <param name="texts">The texts of the clips to train on.</param>
    /// <param name="candidates">Texts that may be recorded.</param>
    /// <param name="most">Most texts to suggest.</param>
    public static Coverage Measure(IEnumerable<string> texts, IReadOnlyList<string> candidates, int most = 10)
    {
        var (pairs, letters) = (new Dictionary<string, int>(), new Dictionary<string, int>());
        foreach (var text in texts)
        {
            foreach (var pair in PairsOf(text).Distinct())
                pairs[pair] = pairs.GetValueOrDefault(pair) + 1;
            foreach (var letter in PairsOf(text).SelectMany(p => p).Where(char.IsLetter).Distinct())
                letters[letter.ToString()] = letters.GetValueOrDefault(letter.ToString()) + 1;
        }
        var weights = candidates.SelectMany(PairsOf).GroupBy(p => p).ToDictionary(g => g.Key, g => g.Count());
        var total = weights.Values.Sum();
        var expected = weights.Keys.SelectMany(p => p).Where(char.IsLetter).Select(l => l.ToString()).Concat(letters.Keys).Distinct();
        return new(letters.Count, pairs.Count,
            [.. expected.Where(l => letters.GetValueOrDefault(l) < Enough).OrderBy(letters.GetValueOrDefault).ThenBy(l => l)],
            total == 0 ? 1 : weights.Sum(w => pairs.ContainsKey(w.Key) ? w.Value : 0) / (double)total,
            Choose(new(pairs), weights, candidates, most));
    }

    /// <summary>Takes again and again the text whose pairs are missing most, until no text adds anything.</summary>
    static List<string> Choose(Dictionary<string, int> have, Dictionary<string, int> weights, IReadOnlyList<string> candidates, int most)
    {
        var (chosen, left) = (new List<string>(), candidates.Distinct().ToList());
        double Gain(string text) => PairsOf(text).Distinct().Sum(p => have.GetValueOrDefault(p) < Enough
            ? weights[p] / (1.0 + have.GetValueOrDefault(p)) : 0);
        while (chosen.Count < most && left.Count > 0)
        {
            var best = left.MaxBy(Gain)!;
            if (Gain(best) == 0)
                break;
            chosen.Add(best);
            left.Remove(best);
            foreach (var pair in PairsOf(best).Distinct())
                have[pair] = have.GetValueOrDefault(pair) + 1;
        }
        return chosen;
    }

    /// <summary>The pairs of a text in lower case; every run of other characters than letters and digits is a space.</summary>
    static IEnumerable<string> PairsOf(string text)
    {
        var letters = new StringBuilder(" ");
        foreach (var c in text.Normalize().ToLower(CultureInfo.InvariantCulture))
            if (char.IsLetterOrDigit(c) || c == '\'')
                letters.Append(c);
            else if (letters[^1] != ' ')
                letters.Append(' ');
        if (letters[^1] != ' ')
            letters.Append(' ');
        for (var i = 0; i + 1 < letters.Length; i++)
            yield return letters.ToString(i, 2);
    }

    /// <summary>Sentences for English, written for this: everyday words, and together all sounds of the language.</summary>
    public static readonly IReadOnlyList<string> English =
    [
        "The quick thief jumped over a low brick wall.", "She measured the unusual treasure with great pleasure.",
        "Could you push the heavy wooden chair towards the window?", "Their youngest boy enjoys noisy toys.",
        "We often laugh about the rough weather on that voyage.", "Yesterday a huge yellow moth flew above our garage.",
        "Please fetch the jar of orange jam from the kitchen shelf.", "My father breathes slowly while he watches the ocean.",
        "An expert quietly examined six boxes of old coins.", "How far is the nearest hospital from the town hall?",
        "The judge asked whether the witness was really sure.", "Oh no, the train to Oxford leaves in five minutes!",
        "Children should not chew gum during the whole church service.", "Few people know how to cook fresh squid properly.",
        "The azure vase broke into thousands of tiny pieces.", "Why would anyone buy such an awkward purple umbrella?",
        "He owes his neighbour twelve hundred and fifty euros.", "Put both gloves and the thick scarf into this bag.",
        "Zoe wrote a poem about lazy zebras in the zoo.", "I hope that you feel better after a good night's sleep.",
        "The engineer proved that the bridge can carry eight trucks.", "Birds sang as the early sun rose over the misty valley.",
        "What's the difference between a joke and a riddle?", "Our guests arrived just before half past seven.",
        "The nurse poured warm water over his bruised thumb.", "Which of these two journeys is the longer one?",
        "A strange object was found beneath the southern cliff.", "Don't forget to lock the garage when you go out.",
        "Every autumn we gather mushrooms and chestnuts in the woods.", "George brought a bouquet of flowers to the duchess.",
        "The visitors were shown around the royal castle.", "Is it true that owls can turn their heads backwards?",
        "Blue smoke curled up from the old stone chimney.", "The vet said our puppy has a slight fever.",
        "In my view the film was neither funny nor thrilling.", "Let us compare both answers with care.",
        "This soup needs more pepper, garlic and a pinch of salt.", "Thank you for the wonderful evening, and drive safely.",
        "The bank opens at nine and closes at a quarter to four.", "We climbed the steep path until the view took our breath away.",
    ];
}
