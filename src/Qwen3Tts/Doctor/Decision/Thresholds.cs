namespace Qwen3Tts.Doctor.Decision;

/// <summary>The thresholds of the rules; docs/doctor-method.md gives the reason for each.</summary>
static class Thresholds
{
    /// <summary>How many sets of clips are drawn.</summary>
    public const int Resamples = 1000;

    /// <summary>A condition that holds in fewer than this share of the sets counts as false.</summary>
    public const double Significant = 0.05;

    /// <summary>Losses or cosines that differ by at most this share count as equal.</summary>
    public const double NearlyEqual = 0.1;

    /// <summary>If training multiplied a loss by less than this factor, what it measures was learned.</summary>
    public const double Learned = 0.5;

    /// <summary>A smaller cosine counts as this one, so that its logarithm exists.</summary>
    public const double SmallestCosine = 1e-6;

    /// <summary>Added to the loss of an end, in nats, before the logarithm is taken: smaller losses hardly differ then.</summary>
    public const double SmallEndLoss = 1e-5;

    /// <summary>How many clips are used to try a combination before all clips are measured.</summary>
    public const int ScreeningClips = 2;
}
