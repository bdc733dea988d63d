using System.Text.Json.Serialization;

namespace Qwen3Tts.Checkpoint;

/// <summary>model.safetensors.index.json.</summary>
/// <param name="WeightMap">File name of the shard, by tensor name.</param>
sealed record ShardIndex(Dictionary<string, string> WeightMap);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ShardIndex))]
[JsonSerializable(typeof(SafetensorsHeader))]
sealed partial class WeightsJson : JsonSerializerContext;
