using TorchSharp;

namespace Qwen3Tts.Tests;

public sealed class TorchTests
{
    [Fact]
    public void TorchLoadsAndComputes()
    {
        using var a = torch.tensor([1f, 2f, 3f]);
        using var b = a.dot(a);
        Assert.Equal(14f, b.item<float>());
    }
}
