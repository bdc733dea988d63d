using System.Net;

namespace Qwen3Tts.Server;

/// <summary>What a server serves, where, and its limits.</summary>
public sealed record SpeechServerOptions
{
    /// <summary>The models with the names that requests give; the first one serves requests that name none. The caller disposes
    /// them.</summary>
    public required IReadOnlyList<(string Name, Tts Model)> Models { get; init; }

    /// <summary>Folder of saved voices and adapters; null if there is none, and none can be uploaded.</summary>
    public string? VoicesFolder { get; init; }

    /// <summary>Address to listen on.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port; 0 takes a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>The keys that requests may have; empty for none, which is possible only on a loopback address.</summary>
    public IReadOnlyList<ApiKey> Keys { get; init; } = [];

    /// <summary>Further names that the header Host may have, such as that of a proxy in front.</summary>
    public IReadOnlyList<string> PublicHosts { get; init; } = [];

    /// <summary>The most speeches that are made at the same time, 1 to 32.</summary>
    public int MostTogether { get; init; } = 8;

    /// <summary>The most requests that wait for one of those to end; one more gets 429.</summary>
    public int MostWaiting { get; init; } = 16;

    /// <summary>The most characters of a text.</summary>
    public int MostCharacters { get; init; } = 4096;

    /// <summary>The most bytes of an uploaded recording.</summary>
    public int MostUploadBytes { get; init; } = 10 << 20;

    /// <summary>The most seconds of a speech.</summary>
    public double MostSeconds { get; init; } = 600;

    /// <summary>The most saved voices.</summary>
    public int MostVoices { get; init; } = 1000;

    /// <summary>How long a request may take, with its time in the queue.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a text that is still written may stand still, while other requests wait for its place.</summary>
    public TimeSpan TextWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopping server waits for speeches that go on.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>JSGF grammar of all sentences that speech to be scored may say, for pocketsphinx; null to hear free speech with
    /// whisper.cpp, if it is installed.</summary>
    public string? Grammar { get; init; }

    /// <summary>Dictionaries with the pronunciations that pocketsphinx lacks.</summary>
    public IReadOnlyList<string> Dictionaries { get; init; } = [];

    /// <summary>True to write into WAV, FLAC and Opus that the speech is synthetic, with model, voice, seed and time.</summary>
    public bool Provenance { get; init; } = true;

    /// <summary>The page at <c>/</c>; null for none.</summary>
    public StudioOptions? Studio { get; init; } = new();

    /// <summary>How long a client may take to receive that its request took too long.</summary>
    internal TimeSpan LastWords { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of memory that a further model may take.</summary>
    internal Func<long> FreeMemory { get; init; } = Server.FreeMemory.Read;

    /// <summary>True to show the page of the API at /scalar.</summary>
    public bool Development { get; init; }

    /// <summary>Gets a line for each request and each fault, never with a text or a voice; null for nowhere.</summary>
    public Action<string>? Log { get; init; }

    /// <exception cref="ArgumentException">The address is reachable from other machines, and there is no key.</exception>
    internal void CheckAddress()
    {
        if (!IPAddress.IsLoopback(Address) && Keys.Count == 0)
            throw new ArgumentException($"{Address} is reachable from other machines, and there is no key. Give a file of keys with "
                + "--api-key-file, or serve on 127.0.0.1.");
    }
}
