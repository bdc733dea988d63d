// Options that several commands of both programs have, so that an option of one name has the same meaning everywhere.
using System.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Hub;

namespace Qwen3Tts.CommandLine;

static class CommonOptions
{
    const string ModelVariable = "QWEN3TTS_MODEL";

    public static Option<string?> Model() => new("--model", "-m")
    {
        Description = $"Folder of the model, or its id on the Hugging Face hub (see `models`). Default: ${ModelVariable}.",
        HelpName = "DIR|ID",
    };

    public static Option<int?> Seed() => new NumberOption<int?>("--seed", new(0, int.MaxValue))
    {
        Description = "Seed of the random numbers: the same seed gives the same bytes. Default: a new seed each time.",
    };

    public static Option<int?> Threads() =>
        new NumberOption<int?>("--threads", new(1, 1024, Reason: "No machine that this runs on has more processors."))
        {
            Description = "Threads to compute with. Default: one per processor.",
        };

    /// <summary>Refuses a value that is not one of these words.</summary>
    public static Option<T> OneOf<T>(this Option<T> option, params string[] words)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var given] && !words.Contains(given.Value))
                result.AddError($"{option.Name} is '{Printable.Text(given.Value)}'; give {string.Join(" or ", words)}.");
        });
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>The model folder from the option, or else from the environment variable. An id of the hub becomes its folder.</summary>
    /// <exception cref="ArgumentException">Neither is set.</exception>
    /// <exception cref="DirectoryNotFoundException">An id is given, and the model is not downloaded.</exception>
    public static string ModelFolder(string? given) =>
        ModelHub.Resolve(given ?? (Environment.GetEnvironmentVariable(ModelVariable) is { Length: > 0 } folder ? folder
        : throw new ArgumentException(
            $"No model is named. Give --model DIR or set {ModelVariable}; the repository has a small one that speaks, models/mini.")));
}
