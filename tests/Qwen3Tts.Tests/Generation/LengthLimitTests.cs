using Qwen3Tts.Generation;

namespace Qwen3Tts.Tests.Generation;

public sealed class LengthLimitTests
{
    [Theory]
    [InlineData(0, 0, 0, 12)] // a text alone
    [InlineData(5, 0, 0, 24)] // an instruction may ask for slow speech
    [InlineData(0, 10, 20, 12)] // a fast recording
    [InlineData(0, 10, 60, 18)] // a slow one: 6 frames for each token instead of 4
    [InlineData(0, 10, 500, 24)] // a transcript that lacks words
    [InlineData(5, 10, 60, 36)]
    public void ItFollowsInstructionAndPace(int instruct, int tokens, int frames, double most) =>
        Assert.Equal(most, LengthLimit.Of(12, new()
        {
            Text = [1, 2],
            Instruct = new int[instruct],
            ReferenceText = new int[tokens],
            ReferenceFrames = [.. Enumerable.Range(0, frames).Select(_ => new int[16])],
        }));

    [Fact]
    public void NoLimitStaysNone() => Assert.Null(LengthLimit.Of(null, new() { Text = [1], Instruct = [1] }));
}
