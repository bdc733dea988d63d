// The rotary position embedding as configurations describe it. Transformers up to 4 writes rope_theta beside rope_scaling; from 5 on both
// are one object, rope_parameters. Either is read, and both together where they say the same.
using System.Text.Json.Serialization;

namespace Qwen3Tts.Checkpoint;

/// <summary><c>rope_parameters</c>, or <c>rope_scaling</c>. Positions on the three axes of mrope are equal for text and codes, so its
/// interleaved sections collapse to ordinary rotary angles and are not read.</summary>
sealed record RopeParameters
{
    /// <summary>Stands for a key that is not there, where null may be.</summary>
    public static readonly RopeParameters Absent = new();

    public double? RopeTheta { get; init; }
    public string? RopeType { get; init; }
    /// <summary>An older name of <see cref="RopeType"/>.</summary>
    public string? Type { get; init; }
}

/// <summary>What a stack of layers says about it.</summary>
abstract record RopeConfig
{
    [JsonPropertyName("rope_theta")]
    public double? StoredTheta { get; init; }

    public RopeParameters? RopeParameters { get; init; }
    public RopeParameters? RopeScaling { get; set; } = RopeParameters.Absent; // not init: generated code would set that to null

    /// <summary>Base of the angles' frequencies.</summary>
    [JsonIgnore]
    public double RopeTheta => StoredTheta ?? RopeParameters?.RopeTheta
        ?? throw new InvalidOperationException("The configuration was not checked.");

    /// <summary>The key that has to be there in one of its two spellings.</summary>
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
