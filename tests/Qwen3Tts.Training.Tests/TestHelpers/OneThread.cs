using System.Runtime.CompilerServices;

namespace Qwen3Tts.Tests;

static class OneThread
{
    /// <summary>
    /// Tiny matrix products gain nothing from a second thread, and threads that wait for one another are slow when tests run in parallel.
    /// </summary>
    [ModuleInitializer]
    internal static void Set() => TorchSharp.torch.set_num_threads(1);
}
