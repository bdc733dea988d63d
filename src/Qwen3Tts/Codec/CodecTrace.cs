namespace Qwen3Tts.Codec;

/// <summary>Sees what a stage of the codec made of a piece: its name, and the rows [count, channels].</summary>
delegate void CodecTrace(string stage, ReadOnlySpan<float> rows);
