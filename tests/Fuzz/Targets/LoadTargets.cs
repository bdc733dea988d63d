// Loads the whole model with one changed file: the configuration's sizes must fit the tensors, and a model that loads must also speak a few
// frames.
using Qwen3Tts.Generation;

namespace Qwen3Tts.Fuzz;

static class LoadTargets
{
    const int Seconds = 50; // a model that loads takes about a tenth of a second, fifty times as long as a reader

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["load-config"] = _ => Model("config.json", (m, content) => m.MutateNumbers(content)),
        ["load-codec-config"] = _ => Model("speech_tokenizer/config.json", (m, content) => m.MutateNumbers(content)),
        ["load-weights"] = _ => Model("model.safetensors", (m, content) => m.MutateSafetensors(content)),
    };

    static FuzzTarget Model(string mutated, Func<Mutator, byte[], byte[]> mutate)
    {
        var mini = Path.Combine(AllTargets.Repository, "models", "mini");
        return new()
        {
            Files = Directory.GetFiles(mini, "*", SearchOption.AllDirectories)
                .ToDictionary(f => Path.GetRelativePath(mini, f).Replace('\\', '/'), File.ReadAllBytes),
            IsMutated = file => file == mutated,
            Mutate = (m, _, content) => mutate(m, content),
            MustNameFile = false, // the message may be about a tensor
            Cost = Seconds,
            Read = (folder, _) =>
            {
                using var tts = Tts.Load(folder, new() { Threads = 1 });
                tts.Say("Set white.", new()
                {
                    Voice = new Voice(new float[192]),
                    Sampling = tts.Sampling with { MaxFrames = 3, Seed = 1 }
                });
            },
        };
    }
}
