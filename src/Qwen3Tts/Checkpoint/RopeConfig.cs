// The rotary position embedding in configurations. Transformers up to version 4 writes rope_theta and rope_scaling; from version 5 on there
// is one object, rope_parameters. Both forms are read, also together if they agree.
using System.Text.Json.Serialization;

namespace Qwen3Tts.Checkpoint;

/// <summary>
/// <c>rope_parameters</c>, or <c>rope_scaling</c>. For text and codes the positions on the three axes of mrope are equal, so its
/// interleaved sections are ordinary rotary angles; they are not read.
/// </summary>
sealed record RopeParameters
{
    /// <summary>Stands for a key that is absent, where null is a possible value.</summary>
    public static readonly RopeParameters Absent = new();

    public double? RopeTheta { get; init; }
    public string? RopeType { get; init; }
    /// <summary>An older name of <see cref="RopeType"/>.</summary>
    public string? Type { get; init; }
}

/// <summary>The rotary embedding in the configuration of a stack of layers.</summary>
abstract record RopeConfig
{
    [JsonPropertyName("rope_theta")]
    public double? StoredTheta { get; init; }

    public RopeParameters? RopeParameters { get; init; }
    public RopeParameters? RopeScaling { get; set; } = RopeParameters.Absent; // not init: generated code would set that to null

    /// <summary>Base of the rotary frequencies.</summary>
    [JsonIgnore]
    public double RopeTheta => StoredTheta ?? RopeParameters?.RopeTheta
        ?? throw new InvalidOperationException("The configuration was not checked.");

    /// <summary>The required key, in one of its two forms.</summary>
    protected void CheckRope(string place, string part, bool scalingRequired)
    {
        if (StoredTheta is null && RopeParameters?.RopeTheta is null)
            throw ConfigFile.Missing(place, RopeParameters is null ? $"{part}.rope_theta" : $"{part}.rope_parameters.rope_theta");
        if (StoredTheta is { } one && RopeParameters?.RopeTheta is { } other && one != other)
            throw ConfigFile.Bad(place, $"{part}.rope_parameters.rope_theta", other,
                FormattableString.Invariant($"that of {part}.rope_theta, {one}"));
        if (!(RopeTheta > 1 && RopeTheta < float.MaxValue))
            throw ConfigFile.Bad(place, $"{part}.rope_theta", RopeTheta, "a number above 1");
        if (scalingRequired && RopeParameters is null && ReferenceEquals(RopeScaling, RopeParameters.Absent))
            throw ConfigFile.Missing(place, $"{part}.rope_scaling");
        foreach (var (key, rope) in new[] { ("rope_scaling", RopeScaling), ("rope_parameters", RopeParameters) })
            if ((rope?.RopeType ?? rope?.Type) is { } kind && kind != "default")
                throw ConfigFile.Bad(place, $"{part}.{key}.rope_type", kind, "default");
    }
}
