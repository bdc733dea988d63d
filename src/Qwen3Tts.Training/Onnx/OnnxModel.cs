// A network of the user's own in an ONNX file, which turns speech into numbers. What it takes is read from the file: a waveform
// [1, samples], [1, 1, samples] or [samples], or Kaldi's filter banks [1, frames, 80]. Its first output counts, and the others are ignored.
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Onnx;

sealed class OnnxModel : IDisposable
{
    const int UsualRate = 16000;
    const string Expected = "expected a waveform [1, samples] or Kaldi's filter banks [1, frames, 80]";

    readonly InferenceSession _session;
    readonly string _input;
    readonly int[] _shape; // -1 where any length is taken
    readonly bool _takesFilterBanks;

    OnnxModel(InferenceSession session, string place, int? rate)
    {
        (_session, Place) = (session, place);
        if (session.InputMetadata.Count != 1)
            throw new InvalidDataException($"{place}: it has {session.InputMetadata.Count} inputs "
                + $"({string.Join(", ", session.InputMetadata.Keys.Select(Printable.Text))}), {Expected} alone. Export it with one input.");
        (_input, var takes) = session.InputMetadata.Single();
        if (takes.ElementType != typeof(float) || session.OutputMetadata.Values.First().ElementType != typeof(float))
            throw new InvalidDataException($"{place}: its input '{Printable.Text(_input)}' and its first output have the types "
                + $"{takes.ElementType?.Name} and {session.OutputMetadata.Values.First().ElementType?.Name}, expected float32. Export it "
                + "with float32.");
        _shape = [.. takes.Dimensions];
        _takesFilterBanks = _shape is [_, _, KaldiFilterBank.Bands];
        if (!(_shape is [_] or [-1 or 1, _] || (_takesFilterBanks ? _shape[0] is -1 or 1 : _shape is [-1 or 1, 1, _])))
            throw new InvalidDataException($"{place}: its input '{Printable.Text(_input)}' has the shape "
                + $"[{string.Join(", ", _shape.Select(d => d < 0 ? "any" : $"{d}"))}], {Expected}. Export it with such an input.");
        Rate = rate ?? RateInFile() ?? UsualRate;
        if (_takesFilterBanks && Rate > KaldiFilterBank.HighestRate)
            throw new ArgumentException($"{place}: filter banks are computed at up to {KaldiFilterBank.HighestRate} Hz, and the rate is "
                + $"{Rate}. Give the rate that the model was trained with.");
    }

    /// <summary>The option and the file, for messages.</summary>
    public string Place { get; }

    /// <summary>Samples per second that the network takes.</summary>
    public int Rate { get; }

    /// <summary>Exports for sherpa-onnx have it among their properties.</summary>
    int? RateInFile()
    {
        if (!_session.ModelMetadata.CustomMetadataMap.TryGetValue("sample_rate", out var text))
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate is >= 8000 and <= 48000 ? rate
            : throw new InvalidDataException($"{Place}: its property sample_rate is '{Printable.Text(text)}', expected 8000 to 48000. Give "
                + $"the rate that it was trained with ({SpeechModels.SpeakerOption}-rate or {SpeechModels.MosOption}-rate).");
    }

    /// <param name="option">The option that names the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="rate">Samples per second that the network takes; null: what the file says, else 16,000.</param>
    /// <exception cref="ArgumentException">There is no such file, or the rate does not fit.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, or takes something else than speech.</exception>
    /// <exception cref="NotSupportedException">ONNX Runtime cannot be loaded on this machine.</exception>
    public static OnnxModel Open(string option, string path, int? rate)
    {
        var place = $"{option} '{Printable.Path(path)}'";
        if (!File.Exists(path))
            throw new ArgumentException($"{place}: {(Directory.Exists(path) ? "it is a folder" : "the file is not there")}. "
                + $"Correct the path, or leave {option} out.");
        InferenceSession? session = null;
        try
        {
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            session = new(path, options);
            return new(session, place, rate);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"{place}: ONNX Runtime does not load it: {Cause(e)}. Give an ONNX file, or "
                + $"leave {option} out.", e);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException)
        {
            throw new NotSupportedException($"{place}: ONNX Runtime cannot be loaded on this machine: {Cause(e.InnerException ?? e)}. "
                + $"Leave {option} out; all other figures are measured without it.", e);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The numbers of the first output. If the network takes one length only, shorter speech is repeated to that length, and the numbers
    /// of longer speech are the means over its parts.
    /// </summary>
    /// <exception cref="InvalidDataException">The network fails on this speech, or gives numbers that are not finite.</exception>
    public float[] Run(Waveform speech)
    {
        var wave = speech.ToRate(Rate);
        var (values, width) = _takesFilterBanks ? (KaldiFilterBank.Compute(wave), KaldiFilterBank.Bands) : (wave.Samples, 1);
        if (values.Length == 0)
            throw new InvalidDataException($"{Place}: speech of {wave.Seconds:0.000} s is too short for it. Leave such clips out.");
        var length = _shape[_takesFilterBanks ? 1 : ^1];
        var outputs = Parts(values, length < 0 ? values.Length : length * width).Select(part => RunPart(part, width)).ToList();
        if (outputs.Exists(o => o.Length != outputs[0].Length || !Array.TrueForAll(o, float.IsFinite)))
            throw new InvalidDataException($"{Place}: it gives numbers that are not finite. Check the file, or leave it out.");
        return [.. Enumerable.Range(0, outputs[0].Length).Select(i => outputs.Average(o => o[i]))];
    }

    /// <summary>The first line of a message, without the full stop.</summary>
    static string Cause(Exception e) => Printable.Text(e.Message.Split('\n')[0].Trim().TrimEnd('.'));

    static IEnumerable<float[]> Parts(float[] values, int length)
    {
        if (values.Length <= length)
        {
            yield return [.. Enumerable.Range(0, length).Select(i => values[i % values.Length])];
            yield break;
        }
        for (var from = 0; from < values.Length; from += length)
            yield return values.AsSpan(Math.Min(from, values.Length - length), length).ToArray();
    }

    float[] RunPart(float[] values, int width)
    {
        int[] shape = _takesFilterBanks ? [1, values.Length / width, width] : [.. _shape[..^1].Select(_ => 1), values.Length];
        try
        {
            using var outputs = _session.Run([NamedOnnxValue.CreateFromTensor(_input, new DenseTensor<float>(values, shape))]);
            return [.. outputs[0].AsEnumerable<float>()];
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"{Place}: it fails on {string.Join(" × ", shape)} numbers: {Cause(e)}. Check "
                + "what it takes, or leave it out.", e);
        }
    }

    public void Dispose() => _session.Dispose();
}
