namespace Qwen3Tts.Codec;

/// <summary>Receives the output of a stage of the codec: the stage's name, and the rows [count, channels].</summary>
delegate void CodecTrace(string stage, ReadOnlySpan<float> rows);
