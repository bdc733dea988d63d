// Changes of lists of recordings, line by line and field by field.
using System.Text;

namespace Qwen3Tts.Fuzz;

partial class Mutator
{
    static readonly string[] Lines = ["|||", "\0", "a\0b|x|en|text", "../../../etc/passwd|x|en|hi", "/|/", "{", "null", "[]", "\ufeff",
        "\"", "a,b,\"c"];
    static readonly string[] Fields = ["", "\0", "..", "/", "<|im_end|>", "\u202e\ufffd", "\ud800", "1", "C:\\a\\b.wav"];

    /// <summary>One to three changes of lines.</summary>
    /// <param name="content">The list.</param>
    /// <param name="separator">Separator of the fields in a line; null if a line is JSON.</param>
    public byte[] MutateLines(byte[] content, char? separator)
    {
        if (Random.Next(4) == 0)
            return MutateBytes(content);
        var lines = Encoding.UTF8.GetString(content).Split('\n').ToList();
        for (var n = Random.Next(1, 4); n > 0 && lines.Count > 0; n--)
            MutateLine(lines, separator);
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    void MutateLine(List<string> lines, char? separator)
    {
        var at = Random.Next(lines.Count);
        switch (Random.Next(8))
        {
            case 0: lines.RemoveAt(at); break;
            case 1: lines.Insert(at, Pick(lines)); break;
            case 2: lines.Insert(at, Pick(Lines)); break;
            case 3: lines[at] = string.Concat(lines[at].Select(c => Random.Next(20) == 0 ? (char)Random.Next(0x2100) : c)); break;
            case 4: lines[at] += new string((char)Random.Next(1, 0x500), Random.Next(1, 3000)); break;
            case 5: lines[at] = lines[at][..Random.Next(lines[at].Length + 1)]; break;
            case 6 when separator is { } between:
                lines[at] = lines[at].Replace($"{between}", Random.Next(3) switch { 0 => "", 1 => $"{between}{between}", _ => "\t" });
                break;
            default:
                lines[at] = separator is { } s ? MutateField(lines[at], s) : MutateJson(lines[at]);
                break;
        }
    }

    string MutateField(string line, char separator)
    {
        var fields = line.Split(separator);
        fields[Random.Next(fields.Length)] = Random.Next(10) == 0 ? new string('x', 5000) : Pick(Fields);
        return string.Join(separator, fields);
    }
}
