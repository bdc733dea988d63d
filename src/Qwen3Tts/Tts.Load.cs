// Loading a model, and downloading it before if the caller allows that.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Hub;
using Qwen3Tts.Kernels;

namespace Qwen3Tts;

public sealed partial class Tts
{
    /// <summary>Loads a model, released or fine-tuned.</summary>
    /// <param name="folder">A folder in the official layout, or the id (owner/name) of a model that <see cref="ModelHub"/> finds.</param>
    /// <param name="options">How to load it; null for the usual way.</param>
    /// <exception cref="IOException">The folder, or a file in it, is not there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, the tensors do not fit the configuration, or the adapter belongs to
    /// another model.</exception>
    /// <exception cref="ArgumentException">Text without its projection was requested, and text and talker differ in width; or a download
    /// was allowed, which only <see cref="LoadAsync"/> does.</exception>
    public static Tts Load(string folder, TtsOptions? options = null) => options?.Download == true
        ? throw new ArgumentException("The options allow a download, and Load does none. Call LoadAsync.", nameof(options))
        : Load(ModelHub.Resolve(folder, options?.Hub), options ?? new(), (_, _) => { });

    /// <summary>Loads a model without blocking the caller's thread, and downloads it before if the options allow that.</summary>
    /// <param name="model">As for <see cref="Load(string, TtsOptions?)"/>.</param>
    /// <param name="options">How to load it; null for the usual way, which downloads nothing.</param>
    /// <param name="progress">Is told how far the download and the loading are, from several threads and not always in order.</param>
    /// <param name="cancellation">Stops the download, of which everything is kept for the next one, or the loading after a
    /// tensor.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="UnauthorizedAccessException">The model is private or gated, and the token is missing or wrong.</exception>
    /// <inheritdoc cref="Load(string, TtsOptions?)"/>
    public static async Task<Tts> LoadAsync(string model, TtsOptions? options = null, IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        options ??= new();
        if (options.Download && !Directory.Exists(model) && HubId.TryParse(model) is not null
            && ModelHub.Find(model, options.Hub) is not { IsComplete: true })
            await ModelHub.DownloadAsync(model, options.Hub, progress is null ? null : new DownloadProgress(progress), cancellation)
                .ConfigureAwait(false);
        return await Task.Run(() => Load(ModelHub.Resolve(model, options.Hub), options, (stage, share) =>
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new(stage, share));
        }), cancellation).ConfigureAwait(false);
    }

    static Tts Load(string folder, TtsOptions options, Action<LoadStage, double> report)
    {
        var model = ModelFolder.Open(folder);
        if (options.Adapter is { } adapter)
            model = model.With(Adapter.Open(adapter));
        var own = options.Threads is { } n ? new Workers(n) : null;
        try
        {
            return new(model, own ?? Workers.Shared, own, options, report);
        }
        catch
        {
            own?.Dispose();
            throw;
        }
    }

    /// <summary>Passes on at once what the download reports; Progress would post it.</summary>
    sealed class DownloadProgress(IProgress<LoadProgress> progress) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) =>
            progress.Report(new(LoadStage.Download, value.Total > 0 ? (double)value.Bytes / value.Total : 0, value));
    }
}
