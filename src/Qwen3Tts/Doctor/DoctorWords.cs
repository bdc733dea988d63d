namespace Qwen3Tts.Doctor;

/// <summary>What a report asks its reader to give or to choose. These are the words of the console; a page names its controls.</summary>
sealed record DoctorWords
{
    /// <summary>Verdict of an examination without data, after "Not measured: ".</summary>
    public string NoData { get; init; } = "--data is needed to find what it was trained with.";

    /// <summary>To leave clips out.</summary>
    public string LeaveOut { get; init; } = "Correct these clips or leave them out of --data";

    /// <summary>To give what a comparison with the base needs.</summary>
    public string GiveAll { get; init; } = "Give --base, and as --data all clips that it was trained on.";

    /// <summary>To give a base that has a speaker encoder.</summary>
    public string GiveBase { get; init; } = "Give the model that it was made from with --base.";

    /// <summary>To name a language.</summary>
    public string NameLanguage { get; init; } = "Name the language that you speak with: --language English.";

    /// <summary>To name a speaker.</summary>
    public string NameSpeaker { get; init; } = "Say with --speaker whose recordings the data are.";

    /// <summary>Stands before the command that speaks as the checkpoint was trained.</summary>
    public string Rescue { get; init; } = "This command speaks with it as it was trained: ";
}
