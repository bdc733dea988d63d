namespace Qwen3Tts.Tests;

public sealed class HouseTests
{
    [Fact]
    public void EveryCheckpointIsAssembled() => Assert.All(Golden.Checkpoints, c => Assert.True(File.Exists(Path.Combine(Golden.Checkpoint(c), "speech_tokenizer", "config.json"))));
}
