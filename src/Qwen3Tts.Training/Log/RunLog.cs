// log.jsonl of a run: one line for each step, appended when the step ends. A killed run may leave an incomplete last line, and lines of
// steps after the last saved state; these are removed when the run is resumed.
using System.Text;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Log;

/// <summary>The log of a run.</summary>
/// <param name="path">The file, which need not exist.</param>
/// <param name="record">The record that has the entry of the file.</param>
sealed class RunLog(string path, OutputRecord record) : IDisposable
{
    GrowingFile? _file;

    /// <summary>Appends a line.</summary>
    /// <exception cref="IOException">The line cannot be written.</exception>
    public void Append(StepReport line)
    {
        var bytes = Encoding.UTF8.GetBytes(Line(line));
        try
        {
            _file ??= new(path, record);
            if (!_file.Append(bytes))
                File.AppendAllBytes(path, bytes); // the user edited the file: appends without an entry in the record, and training goes on
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"'{path}' cannot be written: {e.Message} Make room, then give the same command again; 'qwen3tts-train train' needs " +
                $"--resume.", e);
        }
    }

    /// <summary>The lines so far. The last line may be incomplete if the run was killed.</summary>
    /// <exception cref="InvalidDataException">Another line is damaged.</exception>
    public List<StepReport> Read() => [.. LogJson.Lines(path).Where(l => l.Line.EndsWith('}'))
        .Select(l => JsonFile.Parse(Encoding.UTF8.GetBytes(l.Line), l.Place, LogJson.Default.StepReport, LogJson.Remedy))];

    /// <summary>Removes the lines of later steps.</summary>
    /// <param name="step">The last step whose line stays.</param>
    /// <param name="warn">Receives a message if a user changed the log; then it is kept, and the log goes on in a copy.</param>
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
            File.Delete(path); // the next line creates a new file
    }

    static string Line(StepReport report) => JsonSerializer.Serialize(report, LogJson.Default.StepReport) + "\n";

    public void Dispose() => _file?.Dispose();
}
