namespace Qwen3Tts.Doctor.Decision;

/// <summary>The numbers of the rules; docs/doctor-method.md gives the reason for each.</summary>
static class Thresholds
{
    /// <summary>Sets of clips that are drawn.</summary>
    public const int Resamples = 1000;

    /// <summary>What holds in fewer than this share of the sets does not hold.</summary>
    public const double Significant = 0.05;

    /// <summary>Scores within this share of each other are alike.</summary>
    public const double SameWork = 0.1;

    /// <summary>A loss that training multiplied by less than this was learned.</summary>
    public const double Learned = 0.5;

    /// <summary>The least cosine that is told from none.</summary>
    public const double NoFit = 1e-6;

    /// <summary>An end that costs less than this, in nats, costs nothing.</summary>
    public const double FreeEnd = 1e-5;

    /// <summary>Clips on which combinations are tried before all clips are measured.</summary>
    public const int ScreeningClips = 2;
}
