// The error for a checkpoint whose tensors do not fit config.json: which tensors are missing or have another shape, and which keys of
// config.json may be wrong.
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

sealed partial class Weights
{
    const int MostCharacters = 1000; // most characters of the names of one kind in a message

    InvalidDataException Problem(List<string> unused)
    {
        var problems = new[] { ("missing", _missing), ("of another shape", _misshapen), ("not part of this model", unused) }
            .Where(p => p.Item2.Count > 0).Select(p => $"{p.Item2.Count} {p.Item1}: {Names(p.Item2)}");
        return new($"{_place}: the tensors do not fit config.json; {string.Join("; ", problems)}.{Suspects()} Weights and config.json " +
            $"must come from one model.{OtherNames}");
    }

    string Config => Path.Combine(_place, "config.json");

    /// <summary>Keys of config.json that may have caused the expectation of a tensor that does not exist, found by their values.</summary>
    string Suspects()
    {
        if (_sizes.Count == 0 || !File.Exists(Config))
            return "";
        var keys = JsonFile.Numbers(WholeFile.Read(Config)).Where(n => n.Value > 1).ToList();
        var wanted = _sizes.GroupBy(s => s).ToDictionary(g => g.Key, g => g.Count());
        // A network of n codes has n - 1 heads, and some sizes are doubled or halved. Such values are compared only if no key has the size
        // itself.
        foreach (var factors in new (long Times, long Less)[][] { [(1, 0)], [(1, 1), (2, 0), (3, 0), (4, 0)] })
            if (keys.Where(k => factors.Any(f => wanted.ContainsKey(f.Times * k.Value - f.Less))).ToList() is { Count: > 0 } found)
                return $" In {Config} look at "
                    + string.Join(", ", found.Take(4).Select(k => $"'{Printable.Text(k.Key)}', which is {k.Value}"))
                    + (found.Count > 4 ? " and others." : ".");
        return "";
    }

    /// <summary>Shortens a list of names: first one name of each kind, because names of further layers add little information.</summary>
    [System.Text.RegularExpressions.GeneratedRegex(@"^[\w.]*\.layers\.\d+(?=\.)")]
    private static partial System.Text.RegularExpressions.Regex Layer();

    static string Names(List<string> names)
    {
        var seen = new HashSet<string>();
        var shown = new List<string>();
        var layers = names.Where(n => !n.Contains(", expected ", StringComparison.Ordinal)).GroupBy(n => Layer().Match(n).Value)
            .Where(g => g.Key != "" && g.Count() > 2).ToList();
        if (layers.Count > 0) // a layer whose tensors are all listed becomes one entry
        {
            var whole = layers.SelectMany(g => g).ToHashSet();
            names = [.. names.Where(n => !whole.Contains(n)), .. layers.Select(g => $"{g.Key}.* ({g.Count()} tensors)")];
        }
        foreach (var name in names.OrderBy(n => seen.Add(string.Concat(n.Where(c => !char.IsAsciiDigit(c)))) ? 0 : 1).Take(20)
            .Select(Printable.Text))
            if (shown.Sum(n => n.Length) + name.Length <= MostCharacters)
                shown.Add(name);
        return string.Join(", ", shown) + (names.Count > shown.Count ? $" and {names.Count - shown.Count} more" : "");
    }
}
