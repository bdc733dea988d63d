// POST /score: speech in; out, a score and the numbers that it is made of. The protocol is that of verl-omni's scorers, so that
// reinforcement learning elsewhere can use what this project measures. docs/serve.md says what each number is, and what it is not.
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Qwen3Tts.Audio;
using Qwen3Tts.Doctor;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Likeness;
using Qwen3Tts.Listening;

namespace Qwen3Tts.Server;

static class ScoreApi
{
    const string Protocol = "1";
    const double MostSeconds = 300;

    /// <summary>Speech that can be scored.</summary>
    sealed record Plan(Tts Model, Waveform Speech, string Prompt, string? Language, Voice? Voice);

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/score", ScoreAsync).Accepts<ScoreBody>("application/json").Produces<SpeechScore>().Produces<ErrorBody>(400)
            .Produces<ErrorBody>(401).Produces<ErrorBody>(404).Produces<ErrorBody>(413).Produces<ErrorBody>(429)
            .WithName("score").WithSummary("Scores speech, in the protocol of verl-omni.");

    static async Task ScoreAsync(HttpContext http, ServerState state)
    {
        using var stop = state.Deadline(http);
        var plan = Read(JsonBody.Parse(await SpeechApi.ReadAsync(http, SpeechApi.MostBytes(state.Options), stop.Token)
            .ConfigureAwait(false), ServerJson.Default.ScoreBody), state);
        using var place = await state.EnterAsync(http, plan.Model, stop.Token).ConfigureAwait(false);
        // On a thread of its own: it computes, and waits for the recogniser.
        var score = await Task.Factory.StartNew(() => Score(plan, state.Ears, stop.Token), stop.Token, TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
        await Json.WriteAsync(http.Response, score, ServerJson.Default.SpeechScore).ConfigureAwait(false);
    }

    static Plan Read(ScoreBody body, ServerState state)
    {
        if (body.ProtocolVersion is { } version && version != Protocol)
            throw ApiError.Of("protocol_version", $"The protocol '{Printable.Text(version)}' is not known here. Send version {Protocol}.");
        var most = state.Options.MostCharacters;
        var prompt = body.Prompt is { } given && given.EnumerateRunes().Any(Rune.IsLetterOrDigit) ? given
            : throw ApiError.Of("prompt", "'prompt' has no word. Give the text that should be said.");
        if (prompt.Length > most)
            throw ApiError.Of("prompt", $"'prompt' has {prompt.Length} characters, and {most} are the most. Score shorter speech.");
        if (body.Metadata is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) })
            throw ApiError.Of("metadata", "'metadata' is no object. Give names and values, or leave it out.");
        var (name, model, _) = state.Model(Told(body, "model"));
        return new(model, SamplesOf(body), prompt, Told(body, "language"),
            Told(body, "voice") is { } voice ? VoiceOf(voice, model, name, state) : null);
    }

    /// <summary>A text of the metadata; null if there is none.</summary>
    static string? Told(ScoreBody body, string name) =>
        body.Metadata is not { ValueKind: JsonValueKind.Object } told || !told.TryGetProperty(name, out var value)
            || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : throw ApiError.Of($"metadata.{name}", $"'{name}' of the metadata is no text. Give a name, or leave it out.");

    static Waveform SamplesOf(ScoreBody body)
    {
        const string Field = "waveform_f32_base64";
        var text = body.WaveformF32Base64 ?? throw ApiError.Of(Field, $"There is no waveform. Give its samples in '{Field}'.");
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (!Convert.TryFromBase64Chars(text, bytes, out var length) || length % sizeof(float) != 0)
            throw ApiError.Of(Field, $"'{Field}' is no base64 of 32-bit floats. Send the samples as little-endian floats.");
        float[] samples = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(0, length)).ToArray(); // .NET has no big-endian machine left
        if (samples.Length == 0 || body.NumSamples is { } count && count != samples.Length)
            throw ApiError.Of("num_samples", $"{samples.Length} samples came, and 'num_samples' is {body.NumSamples}. Send the same "
                + "number, above 0.");
        if (Array.FindIndex(samples, s => !float.IsFinite(s)) is >= 0 and var at)
            throw ApiError.Of(Field, $"Sample {at + 1} is no finite number. Look for the cause where it was made.");
        var rate = new AudioErrors("the waveform").Rate(body.SampleRate ?? throw ApiError.Of("sample_rate",
            "There is no sample rate. Give the samples per second in 'sample_rate'."));
        if (samples.Max(Math.Abs) is > (float)RecordingChecks.OtherScale and var peak)
            throw ApiError.Of(Field, $"The speech {RecordingChecks.OnAnotherScale(peak)}");
        return samples.Length <= MostSeconds * rate ? new(samples, rate)
            : throw ApiError.Of(Field, $"The speech is longer than {MostSeconds} s. Score shorter speech.");
    }

    static Voice VoiceOf(string name, Tts model, string modelName, ServerState state) =>
        state.Voices.All.TryGetValue(SpeakerName.Key(name), out var voice) && voice.ByModel.TryGetValue(model, out var with)
            && with.Voice is { } saved && model.CanClone ? saved
            : throw ApiError.Of("metadata.voice", $"'{Printable.Text(name)}' is no saved voice that {modelName} can compare speech with. "
                + "Make it from a recording with POST /v1/audio/voices, or leave 'voice' out.");

    static SpeechScore Score(Plan plan, (SpeechRecogniser? Ears, string None) ears, CancellationToken stop)
    {
        var (model, speech, prompt) = (plan.Model, plan.Speech, plan.Prompt);
        var begin = speech with { Samples = [.. speech.Samples.Take((int)(RecordingChecks.Longest * speech.SampleRate))] };
        var isSpeech = RecordingChecks.Problem(begin, ClipLevels.Measure(begin)) is null; // neither silent nor shorter than a syllable
        var frames = model.FramesOf(speech);
        stop.ThrowIfCancellationRequested();
        var figures = SpeechFigures.Measure([new(speech, prompt)]);
        var (heard, words) = ((string?)null, (WordErrorRate?)null);
        if (isSpeech && ears.Ears is { } recogniser)
        {
            heard = recogniser.Hear([speech], stop)[0];
            words = SpeechRecogniser.Compare(prompt, heard, plan.Language);
        }
        double? likeness = isSpeech && plan.Voice is { } voice ? model.Likeness(begin, voice) : null;
        var pace = (double)frames.Count / model.CountTokens(prompt);
        var (silence, repeated) = (SpeechCheck.Silence(speech), model.RepeatedShare(frames));
        (string Name, double? Value)[] parts =
        [
            ("words", ears.Ears is null ? null : 1 - Math.Min(1, words?.Rate ?? 1)),
            ("likeness", plan.Voice is null ? null : Math.Max(0, likeness ?? 0)),
            ("pace", Math.Min(1, pace < RecordingChecks.FastestPace ? pace / RecordingChecks.FastestPace
                : RecordingChecks.SlowestPace / pace)),
            ("silence", Math.Min(1, 2 * (1 - silence))), // half of the time is no fault
            ("repetition", Math.Min(1, 2 * (1 - repeated))),
        ];
        return new(isSpeech ? parts.Aggregate(1.0, (product, p) => product * (p.Value ?? 1)) : 0,
            string.Join(", ", parts.Where(p => p.Value is not null).Select(p => p.Name)), words?.Rate, words?.Words, words?.Errors, heard,
            ears.Ears?.Name ?? ears.None, speech.Seconds, pace, figures.Pace, silence, repeated, figures.PitchMedian, figures.PitchRange,
            likeness);
    }
}
