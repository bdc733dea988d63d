using System.Runtime.CompilerServices;

namespace Qwen3Tts.Tests;

static class OneThread
{
    /// <summary>
    /// Tiny products gain nothing from a second thread, and threads that wait for one another starve where tests run side by side.
    /// </summary>
    [ModuleInitializer]
    internal static void Set() => TorchSharp.torch.set_num_threads(1);
}
