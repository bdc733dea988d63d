// Feeds a reader with mutated files and counts the results. Every input depends only on the target, the seed and its number, so a failure
// can be reproduced. The allowed exceptions are those that the programs report as mistakes of the user, with a message that says what to
// do.
using System.Diagnostics;
using System.Text.RegularExpressions;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Fuzz;

/// <summary>The results of the inputs of one target.</summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Inputs">Number of inputs.</param>
/// <param name="Accepted">Inputs that the reader accepted.</param>
/// <param name="ClearErrors">Inputs that the reader refused with a clear message.</param>
/// <param name="Unclear">Inputs whose message has no remedy, names no file, is too long or has control characters.</param>
/// <param name="Faults">Inputs that caused any other exception.</param>
/// <param name="Slow">Inputs that took more than two seconds of processor time, or ten minutes.</param>
/// <param name="Large">Inputs for which more than 200 MB were allocated.</param>
/// <param name="Kinds">Each kind of failure with its number and an example.</param>
public sealed record FuzzOutcome(
    string Target, int Seed, int Inputs, int Accepted, int ClearErrors, int Unclear, int Faults, int Slow, int Large,
        IReadOnlyList<FuzzFailure> Kinds)
{
    public bool IsGood => Unclear + Faults + Slow + Large == 0;

    /// <summary>The row of the table in docs/log.md.</summary>
    public override string ToString() => $"| {Target} | {Inputs} | {Accepted} | {ClearErrors} | {Unclear} | {Faults} | {Slow} | {Large} |";

    public const string TableHead =
        "| reader | inputs | accepted | clear error | unclear | fault | slow | above 200 MB |\n|---|---|---|---|---|---|---|---|";
}

/// <summary>A kind of failure.</summary>
/// <param name="Kind">The text that all failures of the kind share.</param>
/// <param name="Count">Number of failures.</param>
/// <param name="Detail">The message or the stack trace of the smallest input.</param>
/// <param name="File">The mutated file.</param>
/// <param name="Content">Its content in the smallest input.</param>
public sealed record FuzzFailure(string Kind, int Count, string Detail, string File, byte[] Content);

public static partial class FuzzRun
{
    // Of processor time: beside other programs, the clock may go on for a minute. Who waits so long for something is slow in any case.
    const double SlowSeconds = 2, LongestWait = 600;
    const long LargeBytes = 200_000_000;

    /// <summary>Runs one target in a folder of its own, which is removed at the end.</summary>
    /// <param name="name">Name of the target.</param>
    /// <param name="count">Number of inputs.</param>
    /// <param name="seed">Seed of the random numbers.</param>
    /// <param name="fewerIfSlow">Divides the number of inputs by the cost of the target.</param>
    public static FuzzOutcome Run(string name, int count, int seed, bool fewerIfSlow = true)
    {
        var folder = NewFolder(name);
        try
        {
            var target = AllTargets.Create(name, folder);
            foreach (var (file, content) in target.Files)
                Put(folder, file, content);
            target.Read(folder, []); // the valid input must be accepted, otherwise the target is wrong
            target.Clean(folder);
            return new Counter(name, seed, target, folder).Count(fewerIfSlow ? Math.Max(1, count / target.Cost) : count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>In memory where Linux has a place for it: on a disk, writing the inputs takes several times as long as reading
    /// them.</summary>
    static string NewFolder(string name)
    {
        const string Memory = "/dev/shm";
        var folder = Path.Combine(OperatingSystem.IsLinux() && Directory.Exists(Memory) ? Memory : Path.GetTempPath(),
            $"qwen3tts-fuzz-{name}-{Guid.NewGuid():n}");
        return Directory.CreateDirectory(folder).FullName;
    }

    static void Put(string folder, string file, byte[] content)
    {
        var path = Path.Combine(folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    // Compiled when the project is built: interpreted, these expressions took longer than many readers.
    [GeneratedRegex(@"[.)]['""]?\s+[A-Z'<]")]
    static partial Regex SecondSentence { get; }

    [GeneratedRegex(@"[.!)\w""'…]$")]
    static partial Regex End { get; }

    [GeneratedRegex(@"Qwen3Tts\.\w+\.\w+|System\.\w+\.\w+")]
    static partial Regex TypeName { get; }

    sealed class Counter(string name, int seed, FuzzTarget target, string folder)
    {
        readonly Dictionary<string, FuzzFailure> _failures = [];
        int _accepted, _clear, _unclear, _faults, _slow, _large;

        public FuzzOutcome Count(int inputs)
        {
            var files = target.Files.Keys.Where(target.IsMutated).Order(StringComparer.Ordinal).ToList();
            var at = 0;
            // A reader that never returns cannot be stopped in any other way. Its input stays in the folder. It has twice as long as an
            // input that is called slow, so that a reader that does return is reported as slow.
            using var watchdog = new Timer(_ =>
                Environment.FailFast($"{name}: input {at} of seed {seed} does not end. It is in {folder}."));
            for (var i = 0; i < inputs; i++)
            {
                at = i;
                watchdog.Change(TimeSpan.FromSeconds(2 * LongestWait), Timeout.InfiniteTimeSpan);
                var mutator = new Mutator(unchecked(seed * 1_000_003 + i));
                var file = files[mutator.Random.Next(files.Count)];
                var content = target.Mutate(mutator, file, target.Files[file]);
                Put(folder, file, content);
                Judge(file, content);
                Put(folder, file, target.Files[file]);
                target.Clean(folder);
            }
            return new(name, seed, inputs, _accepted, _clear, _unclear, _faults, _slow, _large,
                [.. _failures.Values.OrderByDescending(f => f.Count)]);
        }

        void Judge(string file, byte[] content)
        {
            var (problems, allocated, watch, processor) = (new List<string>(), GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew(),
                Processor());
            Exception? thrown = null;
            try
            {
                target.Read(folder, problems);
            }
            catch (Exception e)
            {
                thrown = e is AggregateException { InnerExceptions: [var first, ..] } ? first : e;
            }
            var (waited, seconds) = (watch.Elapsed.TotalSeconds, Processor() - processor);
            var bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
            if (thrown is not null && !CommandRun.IsUsersMistake(thrown))
            {
                _faults++;
                Note($"fault: {thrown.GetType().Name} at {FirstFrame(thrown)}", thrown.ToString(), file, content);
            }
            else if ((thrown is null ? problems : [thrown.Message]).Select(m => (Message: m, Why: WhyUnclear(m, file)))
                .FirstOrDefault(m => m.Why is not null) is { Why: { } why } bad)
            {
                _unclear++;
                Note($"unclear ({why}): {Normal(bad.Message)}", $"{bad.Message}\n{thrown}", file, content);
            }
            else if (thrown is null && problems.Count == 0)
                _accepted++;
            else
                _clear++;
            if (seconds > SlowSeconds || waited > LongestWait)
            {
                _slow++;
                Note("slow", $"{seconds:0.0} s of processor time, {waited:0.0} s", file, content);
            }
            if (bytes > LargeBytes)
            {
                _large++;
                Note("above 200 MB", $"{bytes / 1e6:0} MB", file, content);
            }
        }

        static double Processor() => Environment.CpuUsage.TotalTime.TotalSeconds;

        void Note(string kind, string detail, string file, byte[] content) => _failures[kind] = _failures.TryGetValue(kind, out var known)
            ? content.Length < known.Content.Length ? new(kind, known.Count + 1, detail, file, content) : known with
            {
                Count = known.Count + 1,
            }
            : new(kind, 1, detail, file, content);

        /// <summary>Why a message does not help the user, or null.</summary>
        string? WhyUnclear(string message, string file) =>
            message.Length > 4000 ? "over 4,000 characters"
            : message.Any(c => char.IsControl(c) && c is not ('\n' or '\t')) ? "control characters"
            : target.MustNameFile && !message.Contains(Path.GetFileName(file), StringComparison.Ordinal)
                && !message.Contains(Path.GetFileName(folder), StringComparison.Ordinal) ? "names no file"
            : !SecondSentence.IsMatch(message) || !End.IsMatch(message.TrimEnd())
                ? "no second sentence with a remedy"
            : TypeName.IsMatch(message) ? "names a type of the program"
            : null;

        static string FirstFrame(Exception e) =>
            Regex.Match((e.StackTrace ?? "").Split('\n').FirstOrDefault(l => l.Contains("Qwen3Tts", StringComparison.Ordinal))
                ?? "", @"at (\S+\()").Groups[1].Value.TrimEnd('(');

        /// <summary>A message without the parts that differ between inputs.</summary>
        static string Normal(string message)
        {
            var text = Regex.Replace(message.Length > 400 ? message[..400] : message, @"'[^']*'", "'…'");
            text = Regex.Replace(Regex.Replace(text, @"/\S*/", "/"), @"-?\d[\d.,eE+]*", "#");
            return text.Length > 200 ? text[..200] : text;
        }
    }
}
