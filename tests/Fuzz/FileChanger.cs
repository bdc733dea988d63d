// Acts as another program that changes a file while it is read: it overwrites bytes, truncates, extends and rewrites the file, again and
// again until the reader has finished. The seed decides what is changed; when it is changed depends on the machine.
namespace Qwen3Tts.Fuzz;

sealed class FileChanger
{
    readonly byte[] _whole;
    readonly string _path;
    readonly Random _random;
    volatile bool _stop;

    FileChanger(string path, byte[] whole, int seed) => (_path, _whole, _random) = (path, whole, new(seed));

    /// <summary>Reads a file while it is changed. Afterwards the file has its valid content again.</summary>
    /// <param name="path">The file.</param>
    /// <param name="whole">Its valid content.</param>
    /// <param name="seed">Seed of the changes; 0 makes no changes.</param>
    /// <param name="read">The reader.</param>
    public static void While(string path, byte[] whole, int seed, Action read)
    {
        if (seed == 0)
        {
            read();
            return;
        }
        var changer = new FileChanger(path, whole, seed);
        using var begun = new ManualResetEventSlim();
        var thread = new Thread(() => changer.Run(begun)) { IsBackground = true, Name = "changes" };
        thread.Start();
        try
        {
            begun.Wait();
            read();
        }
        finally
        {
            changer._stop = true;
            thread.Join();
            File.WriteAllBytes(path, whole);
        }
    }

    void Run(ManualResetEventSlim begun)
    {
        begun.Set();
        while (!_stop)
        {
            Open(Change);
            Pause();
            if (_random.Next(3) > 0)
                Open(WriteAnew);
            Pause();
        }
    }

    /// <summary>Held for one change at a time, so that a reader that needs the file for itself can get it in between.</summary>
    void Open(Action<FileStream> change)
    {
        try
        {
            using var file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 0);
            change(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the reader has the file open for itself
        }
    }

    void Pause()
    {
        for (var pause = _random.Next(2000); pause > 0 && !_stop; pause--)
            Thread.SpinWait(10); // gives the reader some time
    }

    void Change(FileStream file)
    {
        switch (_random.Next(4))
        {
            case 0: Write(file, _random.Next(_whole.Length), _random.Next(1, 300)); break;
            case 1: file.SetLength(_random.Next(_whole.Length)); break;
            case 2: file.SetLength(_whole.Length + _random.Next(_whole.Length)); break; // extends the file with zeros
            default: Write(file, _whole.Length, _random.Next(1, 10_000)); break;
        }
    }

    void Write(FileStream file, long at, int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        file.Position = at;
        file.Write(bytes);
    }

    /// <summary>Rewrites the file as most programs do: truncates it, then writes it in two parts.</summary>
    void WriteAnew(FileStream file)
    {
        var half = _random.Next(_whole.Length);
        file.SetLength(0);
        file.Position = 0;
        file.Write(_whole.AsSpan(0, half));
        file.Write(_whole.AsSpan(half));
    }
}
