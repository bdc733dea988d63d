// Options that several commands of both programs have, so that an option of one name has the same meaning everywhere.
using System.CommandLine;
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

    /// <param name="usual">What is taken without the option.</param>
    public static Option<int?> Seed(string usual) => new NumberOption<int?>("--seed", new(0, int.MaxValue))
    {
        Description = $"Seed of the random numbers: the same seed gives the same bytes. Default: {usual}.",
    };

    public static Option<int?> Threads() =>
        new NumberOption<int?>("--threads", new(1, 1024, Reason: "No machine that this runs on has more processors."))
        {
            Description = "Threads to compute with. Default: one per processor.",
        };

    /// <summary>The model folder from the option, or else from the environment variable. An id of the hub becomes its folder.</summary>
    /// <exception cref="ArgumentException">Neither is set.</exception>
    /// <exception cref="DirectoryNotFoundException">An id is given, and the model is not downloaded.</exception>
    public static string ModelFolder(string? given) => NamedModel(given) ?? throw new ArgumentException(
        $"No model is named. Give --model DIR, --model ID of a model that 'qwen3tts models download' fetched, or set {ModelVariable}.");

    /// <summary>As <see cref="ModelFolder"/>; null if no model is named.</summary>
    public static string? NamedModel(string? given) =>
        (given ?? Environment.GetEnvironmentVariable(ModelVariable)) is { Length: > 0 } named ? ModelHub.Resolve(named) : null;
}
