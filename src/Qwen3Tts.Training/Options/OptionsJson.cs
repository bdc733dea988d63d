// Reads and writes options.json and voice.json: source-generated, with strict types.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qwen3Tts.Training.Options;

/// <summary>Writes the values of enums as options and files have them: bfloat16-moments.</summary>
sealed class KebabCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) where T : struct, Enum;

/// <summary>options.json and voice.json. An unknown key is an error, because the result of a run depends on all options.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(KebabCase<LayoutPolicy>), typeof(KebabCase<Schedule>), typeof(KebabCase<Precision>), typeof(KebabCase<ExportAs>)])]
[JsonSerializable(typeof(TrainingOptions))]
[JsonSerializable(typeof(VoiceSource))]
sealed partial class OptionsJson : JsonSerializerContext;
