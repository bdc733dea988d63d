// Who may speak now. So many speeches are made at the same time; further requests wait. Those of one client do not stand before those of
// another: the clients take turns. A request that finds the queue full is refused at once.
using System.Diagnostics;

namespace Qwen3Tts.Server;

/// <param name="together">The most speeches at the same time.</param>
/// <param name="most">The most requests that wait.</param>
sealed class FairQueue(int together, int most)
{
    readonly Lock _gate = new();
    readonly List<(string Client, Queue<TaskCompletionSource> Waiting)> _turns = []; // the first client is next
    double _usualSeconds = 1; // of a speech, lately

    /// <summary>Speeches that are made.</summary>
    public int Speaking { get; private set; }

    /// <summary>Requests that wait.</summary>
    public int Waiting { get; private set; }

    /// <summary>Seconds after which a refused request should come again.</summary>
    public int RetryAfter
    {
        get
        {
            lock (_gate)
                return (int)Math.Clamp(Math.Ceiling(_usualSeconds * (Waiting + 1) / together), 1, 600);
        }
    }

    /// <summary>Waits for a place. Disposing it lets the next request in.</summary>
    /// <param name="client">Whose request it is.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The place; null if too many wait already.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<IDisposable?> EnterAsync(string client, CancellationToken stop)
    {
        TaskCompletionSource? turn = null;
        lock (_gate)
        {
            if (Speaking < together && Waiting == 0)
                Speaking++;
            else if (Waiting >= most)
                return null;
            else
                turn = Enqueue(client);
        }
        if (turn is null)
            return new Place(this);
        using (stop.Register(() => turn.TrySetCanceled(stop)))
            try
            {
                await turn.Task.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Forget(turn);
                throw;
            }
        return new Place(this);
    }

    TaskCompletionSource Enqueue(string client)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var at = _turns.FindIndex(t => t.Client == client);
        if (at < 0)
        {
            at = _turns.Count;
            _turns.Add((client, new()));
        }
        _turns[at].Waiting.Enqueue(turn);
        Waiting++;
        return turn;
    }

    void Forget(TaskCompletionSource turn)
    {
        lock (_gate)
            for (var i = 0; i < _turns.Count; i++)
            {
                var (client, waiting) = _turns[i];
                if (!waiting.Contains(turn))
                    continue;
                Waiting--;
                _turns.RemoveAt(i);
                if (waiting.Count > 1)
                    _turns.Insert(i, (client, new(waiting.Where(w => w != turn))));
                return;
            }
    }

    void Leave(TimeSpan took)
    {
        lock (_gate)
        {
            _usualSeconds += (took.TotalSeconds - _usualSeconds) / 8;
            Speaking--;
            while (_turns.Count > 0)
            {
                var (client, waiting) = _turns[0];
                _turns.RemoveAt(0);
                var turn = waiting.Dequeue();
                Waiting--;
                if (waiting.Count > 0)
                    _turns.Add((client, waiting)); // behind all others
                if (!turn.TrySetResult())
                    continue; // it was cancelled
                Speaking++;
                return;
            }
        }
    }

    sealed class Place(FairQueue queue) : IDisposable
    {
        readonly long _began = Stopwatch.GetTimestamp();
        int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                queue.Leave(Stopwatch.GetElapsedTime(_began));
        }
    }
}
