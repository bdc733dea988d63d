using Qwen3Tts.Kernels;

namespace Qwen3Tts.Checkpoint;

/// <summary>A matrix as a file of quantised weights stores it.</summary>
/// <param name="Type">Int8 or Int4.</param>
/// <param name="Groups">The whole numbers: [rows, columns] bytes in int8, half as many in int4.</param>
/// <param name="Scales">[rows, columns / 64] in BF16.</param>
/// <param name="IsNone">It is not read: the network that is being made is thrown away.</param>
readonly record struct QuantizedTensor(WeightType Type, ReadOnlyMemory<byte> Groups, ReadOnlyMemory<ushort> Scales, bool IsNone);
