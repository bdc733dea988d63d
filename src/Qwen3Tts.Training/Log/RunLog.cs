// log.jsonl of a run: one line a step, appended as the step ends. A kill leaves at most a line that is cut off, and lines after the last
// saved state, which are dropped when the run goes on from there.
using System.Text;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Log;

/// <summary>The log of a run.</summary>
/// <param name="path">The file, which need not exist.</param>
/// <param name="record">Where it stands on record.</param>
sealed class RunLog(string path, OutputRecord record) : IDisposable
{
    GrowingFile? _file;

    /// <summary>Appends a line.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Append(StepReport line)
    {
        var bytes = Encoding.UTF8.GetBytes(Line(line));
        try
        {
            _file ??= new(path, record);
            if (!_file.Append(bytes))
                File.AppendAllBytes(path, bytes); // edited while it is written: no longer ours, and no reason to stop
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"'{path}' cannot be written: {e.Message} Make room, then give the same command again; 'qwen3tts-train train' goes on " +
                $"with --resume.", e);
        }
    }

    /// <summary>The lines so far. The last one may be cut off, where the run was killed.</summary>
    /// <exception cref="InvalidDataException">Another line is damaged.</exception>
    public List<StepReport> Read() => [.. LogJson.Lines(path).Where(l => l.Line.EndsWith('}'))
        .Select(l => JsonFile.Parse(Encoding.UTF8.GetBytes(l.Line), l.Place, LogJson.Default.StepReport, LogJson.Remedy))];

    /// <summary>Drops the lines of later steps.</summary>
    /// <param name="step">The last one that stays.</param>
    /// <param name="warn">Told where somebody changed the log: it is kept, and goes on in a copy.</param>
    public void CutAfter(int step, Action<string>? warn)
    {
        if (!File.Exists(path))
            return;
        var log = string.Concat(Read().Where(l => l.Step <= step).Select(Line));
        if (GrowingFile.SetAside(path, record) is { } kept)
            warn?.Invoke($"Warning: '{path}' was changed since this program wrote it. It is kept as '{kept}', and the log goes on in a " +
                $"copy.");
        OutputFile.CheckIsFree(path, record);
        if (log.Length > 0)
            OutputFile.WriteText(path, log, record);
        else
            File.Delete(path); // begun anew by the next line
    }

    static string Line(StepReport report) => JsonSerializer.Serialize(report, LogJson.Default.StepReport) + "\n";

    public void Dispose() => _file?.Dispose();
}
