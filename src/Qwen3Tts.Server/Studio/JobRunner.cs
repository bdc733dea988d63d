// Slicing and training, each in a process of its own, one at a time: training uses all cores, and two would only take twice as long each.
using Microsoft.AspNetCore.Http;

namespace Qwen3Tts.Server.Studio;

/// <summary>Work of the trainer for a project.</summary>
/// <param name="project">Name of the project.</param>
/// <param name="kind">slice or train.</param>
sealed class Job(string project, string kind) : IDisposable
{
    const int MostLines = 200, MostColumns = 1000;

    readonly Queue<string> _lines = [];
    readonly CancellationTokenSource _stop = new();
    string _state = Running;

    public const string Running = "running", Done = "done", Failed = "failed", Stopped = "stopped";

    public string Project => project;
    public bool IsRunning => Volatile.Read(ref _state) == Running;
    public Task Ended { get; private set; } = Task.CompletedTask;

    public void Start(TrainerRun run, IReadOnlyList<string> arguments) => Ended = Task.Factory.StartNew(() =>
    {
        var state = Failed;
        try
        {
            var code = run(arguments, Add, _stop.Token);
            state = code == 0 ? Done : _stop.IsCancellationRequested ? Stopped : Failed;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            state = Stopped;
        }
        catch (Exception e)
        {
            Add(e.Message); // there is nobody else who could be told
        }
        finally
        {
            Volatile.Write(ref _state, state);
        }
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    void Add(string line)
    {
        line = TrainerWords.OnThePage(string.Concat(line.Where(c => !char.IsControl(c))));
        lock (_lines)
        {
            if (line.Length > 0)
                _lines.Enqueue(line.Length > MostColumns ? line[..MostColumns] + "…" : line);
            if (_lines.Count > MostLines)
                _lines.Dequeue();
        }
    }

    public void Stop() => _stop.Cancel();

    public JobView View()
    {
        lock (_lines)
            return new(kind, Volatile.Read(ref _state), [.. _lines]);
    }

    public void Dispose() => _stop.Dispose();
}

sealed class JobRunner : IDisposable
{
    readonly Lock _gate = new();
    readonly Dictionary<string, Job> _last = new(StringComparer.Ordinal);
    bool _isOver;

    /// <summary>The last job of a project; null if there was none since the server started.</summary>
    public Job? Of(string project)
    {
        lock (_gate)
            return _last.GetValueOrDefault(project);
    }

    /// <exception cref="ApiError">Another one is running, or the server has stopped.</exception>
    public void Start(string project, string kind, TrainerRun run, IReadOnlyList<string> arguments)
    {
        lock (_gate)
        {
            if (_isOver)
                throw ApiError.Stopping();
            if (_last.Values.FirstOrDefault(j => j.IsRunning) is { } busy)
                throw new ApiError(StatusCodes.Status409Conflict, $"The project '{busy.Project}' is being worked on. Wait for it, or stop "
                    + "it.");
            if (_last.Remove(project, out var before))
                before.Dispose();
            _last[project] = new(project, kind);
            _last[project].Start(run, arguments);
        }
    }

    /// <summary>Asks the job of a project to stop, and waits a little for its end.</summary>
    public async Task StopAsync(string project)
    {
        if (Of(project) is not { IsRunning: true } job)
            return;
        job.Stop();
        await Task.WhenAny(job.Ended, Task.Delay(TimeSpan.FromSeconds(5))).ConfigureAwait(false);
    }

    public void Dispose()
    {
        Job[] all;
        lock (_gate)
            (all, _isOver) = ([.. _last.Values], true);
        foreach (var job in all)
            if (job.IsRunning)
                job.Stop();
        foreach (var job in all)
        {
            job.Ended.Wait(TimeSpan.FromSeconds(10)); // its state is saved; after that it ends with this program
            if (job.Ended.IsCompleted)
                job.Dispose();
        }
    }
}
