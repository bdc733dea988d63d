// What the demo's voices say: texts that were held out, and sentences that the model could say before. Beside a list or folder of
// recordings such as recordings/nora.jsonl may lie more texts of the same kind (nora.txt, a text a line), and their grammar for
// pocketsphinx (nora.jsgf).
using Qwen3Tts.Files;
using Qwen3Tts.Listening;

namespace Qwen3Tts.Training.Commands;

/// <param name="New">Texts that were not trained on, those of held-out recordings first.</param>
/// <param name="NewWords">For the recogniser.</param>
/// <param name="Old">Sentences that the untouched model can say; empty where none are known.</param>
/// <param name="OldWords">For the recogniser.</param>
/// <param name="Language">The language of all of them.</param>
sealed record DemoTexts(IReadOnlyList<string> New, ExpectedSpeech NewWords, IReadOnlyList<string> Old, ExpectedSpeech OldWords,
    string Language)
{
    const int MostNew = 48, MostOld = 40;

    /// <summary>The texts for a folder of recordings.</summary>
    /// <param name="recordings">List or folder of the recordings.</param>
    /// <param name="heldOut">Texts of the recordings that are held out.</param>
    /// <param name="miniature">True if the model is the repository's, whose sentences are known.</param>
    public static DemoTexts Find(string recordings, IEnumerable<string> heldOut, bool miniature)
    {
        var grammar = Beside(recordings, ".jsgf");
        var (sentences, mini) = (Demo.Find("tests", "Mini", "sentences_heldout.txt"), Mini());
        return new(
            [.. heldOut.Concat(ReadBeside(recordings)).Distinct().Take(MostNew)],
            File.Exists(grammar) ? new(grammar) : mini,
            miniature && sentences is not null ? [.. Lines(sentences).Where(s => char.IsLetter(s[0])).Take(MostOld)] : [],
            mini, miniature ? "English" : "Auto");
    }

    /// <summary>The texts in the file beside the recordings; none if there is no such file.</summary>
    public static IReadOnlyList<string> ReadBeside(string recordings) =>
        Beside(recordings, ".txt") is var file && File.Exists(file) ? [.. Lines(file)] : [];

    static string Beside(string recordings, string extension)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(recordings));
        return Directory.Exists(path) ? path + extension : Path.ChangeExtension(path, extension);
    }

    static IEnumerable<string> Lines(string file) => TextFile.Read(file).Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0);

    /// <summary>The grammar of the miniature's sentences in the repository; elsewhere speech is recognised without a grammar.</summary>
    static ExpectedSpeech Mini() => Demo.Find("tests", "Mini", "grammar.jsgf") is { } grammar
        ? new(grammar, Path.Combine(Path.GetDirectoryName(grammar)!, "german.dict")) : new();
}
