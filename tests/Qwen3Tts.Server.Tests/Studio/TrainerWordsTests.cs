using Qwen3Tts.Server.Studio;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>What the trainer says to type becomes a button of the page, or is left out.</summary>
public sealed class TrainerWordsTests
{
    [Theory]
    [InlineData("Next: qwen3tts-train prepare /studio/vera/clips --model DIR", "Next: listen to the clips, and press 'Train'.")]
    [InlineData("3 clips have no text yet: write it with 'qwen3tts-train review /studio/vera/clips', or use --transcribe whisper.",
        "3 clips have no text yet: write down beside each clip what is said in it.")]
    [InlineData("No clip is left. The table says why; --shortest, --longest and --noise change the limits.",
        "No clip is left. 'What the trainer says' names the reasons.")]
    [InlineData("More was left out than kept; --shortest, --longest and --noise change the limits.", "More was left out than kept.")]
    [InlineData("Stopped. Go on with: qwen3tts-train voice --name vera --output /studio/vera/voice",
        "Stopped. To go on, press 'Go on' or 'Train'.")]
    [InlineData("The voice: qwen3tts say \"A text. Its end.\" --model out/export --speaker vera -o out.wav",
        "Speak with it under 'Result'.")]
    [InlineData("1.txt has no times: its sentences were placed by their lengths. Listen to some clips, or give subtitles (.srt).",
        "1.txt has no times: its sentences were placed by their lengths. Listen to some clips, and correct their words.")]
    [InlineData("To run it all the same, pass --force.", "")]
    [InlineData("Unusual: 40 steps use each of 2 clips 80 times. Use --epochs 3, or bring more recordings.",
        "Unusual: 40 steps use each of 2 clips 80 times. Give fewer steps, or bring more recordings.")]
    [InlineData("Its steps is 20, and now 30. Give the same options, or start again with --overwrite.",
        "Its steps is 20, and now 30. Give the same options, or press 'Start over'.")]
    [InlineData("Tuning did not help. Try a lower --lr, or bring more recordings.", "Tuning did not help. Bring more recordings.")]
    [InlineData("Use the clone (say --voice), or train with more recordings.", "Use the clone, or train with more recordings.")]
    [InlineData("The list was changed. Name another folder with -o, or move the list away first.",
        "The list was changed. Move the list away first.")]
    public void WhatIsTypedBecomesAButtonOrIsLeftOut(string typed, string shown) => Assert.Equal(shown, TrainerWords.OnThePage(typed));

    [Theory]
    [InlineData("step 3 of 20 · talker 4.10, predictor 5.02 (after 20 s)")]
    [InlineData("- codes.jsonl: the first total loss is 8.1; runs that worked began below 5, most near 2.")]
    [InlineData("Written: /srv/qwen3tts/studio/vera/clips/metadata.jsonl; its well-known words, -20 dB.")]
    public void AllElseStaysAsItIs(string line) => Assert.Equal(line, TrainerWords.OnThePage(line));
}
