// Changes of JSON by tokens: values of another kind, extreme numbers, renamed, repeated and missing keys.
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Qwen3Tts.Fuzz;

partial class Mutator
{
    static readonly string[] Numbers =
    [
        "0", "-1", "1", "2", "3", "7", "-0", "255", "65536", "16777216", "16777217", "2147483647", "2147483648", "-2147483649",
            "4294967296",
        "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e308", "1e309", "-1e309", "1e-320",
            "1.5", "1.0",
        "1e2", "99999999999999999999999999999999999999", "NaN", "Infinity", "100000", "64", "4096", "-64",
    ];

    static readonly string[] Values =
    [
        "null", "true", "\"\"", "\"x\"", "[]", "{}", "[null]", "[[]]", "[{}]", "{\"a\":1}", "\"\\ud800\"", "\"\\u0000\"", "\"a\\u0000b\"",
        "\"../../../etc/passwd\"", "\"/\"", "\"..\"", "\"\\n\"", "\"\\u001b[31m\"", "\"\\u202e\"", "\"default\"", "\"english\"", "[1,2]",
            "[-1,5]",
        "[2147483647,2147483647]", "[64,64,64,64,64,64,64,64]", "\"1\"", "\"F32\"", "\"BF16\"", "\"U32\"", "\"5\"",
    ];

    [GeneratedRegex("\"(?:\\\\.|[^\"\\\\])*\"?|[\\w.+-]+|\\s+|.", RegexOptions.Singleline)]
    static partial Regex Token { get; }

    // The tokens of valid files, which are mutated again and again.
    static readonly ConditionalWeakTable<byte[], string[]> Tokens = [];

    static List<string> Split(string json) => [.. Token.Matches(json).Select(m => m.Value)];

    static List<string> SplitValid(byte[] content, int from = 0, int? length = null) =>
        [.. Tokens.GetValue(content, c => [.. Split(Encoding.UTF8.GetString(c, from, length ?? c.Length))])];

    /// <summary>Any JSON value, sometimes a very long or a very deep one.</summary>
    public string RandomValue() => Random.Next(10) switch
    {
        < 5 => Pick(Numbers),
        < 9 => Pick(Values),
        _ => Random.Next(3) switch
        {
            0 => "\"" + new string('a', Random.Next(20000)) + "\"",
            1 => new string('[', Random.Next(200)) + new string(']', Random.Next(200)),
            _ => $"{Random.Next(int.MinValue, int.MaxValue)}",
        },
    };

    /// <summary>In three of four cases changes tokens, otherwise bytes.</summary>
    public byte[] MutateJson(byte[] content) =>
        Random.Next(4) == 0 ? MutateBytes(content) : Encoding.UTF8.GetBytes(MutateTokens(SplitValid(content)));

    /// <summary>One to three changes of tokens.</summary>
    public string MutateJson(string json) => MutateTokens(Split(json));

    string MutateTokens(List<string> tokens)
    {
        for (var n = Random.Next(1, 4); n > 0 && tokens.Count > 0; n--)
            MutateToken(tokens);
        return string.Concat(tokens);
    }

    void MutateToken(List<string> tokens)
    {
        var words = Enumerable.Range(0, tokens.Count).Where(i => tokens[i][0] is '"' or '-' || char.IsLetterOrDigit(tokens[i][0])).ToList();
        if (words.Count == 0)
            return;
        var at = Pick(words);
        var isKey = tokens.Skip(at + 1).FirstOrDefault(t => t.Trim().Length > 0) == ":";
        switch (Random.Next(10))
        {
            case < 5 when !isKey: tokens[at] = RandomValue(); break;
            case < 3:
                tokens[at] = Random.Next(4) switch
                {
                    0 => "\"\"",
                    1 => "\"\\ud800\"",
                    2 => "\"__metadata__\"",
                    _ => Pick(tokens)
                }; break;
            case 5: tokens.RemoveAt(at); break;
            case 6: tokens.Insert(at, Pick(tokens)); break;
            case 7: tokens[at] = Pick(tokens); break;
            case 8:
                var end = tokens.FindIndex(at, t => t is "," or "}") is >= 0 and var found ? found : tokens.Count;
                if (Random.Next(2) == 0)
                    tokens.RemoveRange(at, Math.Min(end + 1, tokens.Count) - at);
                else
                    tokens.InsertRange(at, [.. tokens.GetRange(at, end - at), ","]);
                break;
            default:
                if (Random.Next(6) == 0)
                    tokens.RemoveRange(at, tokens.Count - at);
                break;
        }
    }

    /// <summary>Changes one or two numbers and nothing else, so that the file stays valid JSON.</summary>
    public byte[] MutateNumbers(byte[] content)
    {
        var tokens = SplitValid(content);
        var numbers = Enumerable.Range(0, tokens.Count).Where(i => char.IsDigit(tokens[i][0]) || tokens[i][0] == '-').ToList();
        for (var n = Random.Next(1, 3); n > 0; n--)
            tokens[Pick(numbers)] = Random.Next(3) == 0 ? $"{Random.Next(1, 20_000_000)}" : Pick(Numbers);
        return Encoding.UTF8.GetBytes(string.Concat(tokens));
    }

    /// <summary>A safetensors file with a mutated header and the correct header length, or with mutated bytes.</summary>
    public byte[] MutateSafetensors(byte[] content)
    {
        if (Random.Next(4) == 0)
            return MutateBytes(content);
        var length = BitConverter.ToInt32(content);
        var header = Encoding.UTF8.GetBytes(MutateTokens(SplitValid(content, 8, length)));
        var data = content.AsSpan(8 + length);
        if (Random.Next(8) == 0)
            data = data[..Random.Next(data.Length + 1)];
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. data];
    }
}
