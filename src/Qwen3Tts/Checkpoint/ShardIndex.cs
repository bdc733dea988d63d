using System.Text.Json.Serialization;

namespace Qwen3Tts.Checkpoint;

/// <summary>model.safetensors.index.json.</summary>
/// <param name="WeightMap">Tensor to file.</param>
sealed record ShardIndex(Dictionary<string, string> WeightMap);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ShardIndex))]
[JsonSerializable(typeof(SafetensorsHeader))]
sealed partial class WeightsJson : JsonSerializerContext;
