// How options.json is read and written: source-generated, strict about what a value is.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qwen3Tts.Training.Options;

/// <summary>Choices as files and options write them: bfloat16-moments.</summary>
sealed class KebabCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) where T : struct, Enum;

/// <summary>options.json: an unknown key is an error, because a run is a function of all of them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(KebabCase<LayoutPolicy>), typeof(KebabCase<Schedule>), typeof(KebabCase<Precision>), typeof(KebabCase<ExportAs>)])]
[JsonSerializable(typeof(TrainingOptions))]
sealed partial class OptionsJson : JsonSerializerContext;
