// The models that requests may name: those that the server was started with, and those that were trained here, which come and go while it
// runs. A model that is removed takes no more requests, and is freed when its last speech has ended.
using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Files;

namespace Qwen3Tts.Server;

/// <param name="Name">Name in requests.</param>
/// <param name="Model">The model.</param>
/// <param name="IsTrained">True if it was trained here: it can be removed, and this server disposes it.</param>
sealed record ServedModel(string Name, Tts Model, bool IsTrained);

/// <param name="first">The models at the start.</param>
sealed class ServedModels(IEnumerable<ServedModel> first) : IDisposable
{
    readonly Lock _gate = new();
    readonly Dictionary<Tts, int> _uses = [];
    ImmutableList<ServedModel> _all = [.. first];
    bool _isOver;

    /// <summary>All of them; the first one serves requests that name none.</summary>
    public ImmutableList<ServedModel> All => _all;

    /// <summary>The model of a name.</summary>
    /// <exception cref="ApiError">There is no such model.</exception>
    public ServedModel Find(string name) => _all.Find(m => m.Name == name) ?? throw new ApiError(StatusCodes.Status404NotFound,
        $"There is no model '{Printable.Text(name)}'. Name one of: {string.Join(", ", _all.Select(m => m.Name))}.", "model",
        "model_not_found");

    /// <exception cref="ApiError">The name is taken, or the server has stopped; the model is still the caller's.</exception>
    public void Add(ServedModel model)
    {
        lock (_gate)
            _all = _isOver ? throw ApiError.Stopping()
                : _all.TrueForAll(m => m.Name != model.Name) ? _all.Add(model) : throw new ApiError(StatusCodes.Status409Conflict,
                $"There is a model '{model.Name}' already. Train under another name.");
    }

    /// <summary>Removes a model that was trained here.</summary>
    /// <exception cref="ApiError">There is no such model, or the server was started with it.</exception>
    public Tts Remove(string name)
    {
        ServedModel found;
        lock (_gate)
        {
            found = Find(name);
            if (!found.IsTrained)
                throw new ApiError(StatusCodes.Status409Conflict, $"The server was started with the model '{Printable.Text(name)}'. Start "
                    + "it without this model.", "model");
            _all = _all.Remove(found);
            if (_uses.ContainsKey(found.Model))
                return found.Model;
        }
        found.Model.Dispose();
        return found.Model;
    }

    /// <summary>Keeps a model from being freed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="place">The place of the request; it is left with the model.</param>
    /// <exception cref="ApiError">It was removed while the request waited.</exception>
    public Lease Use(Tts model, IDisposable? place = null)
    {
        lock (_gate)
        {
            if (!IsServed(model))
                throw new ApiError(StatusCodes.Status404NotFound, "The model of this request was removed. Name another one.", "model",
                    "model_not_found");
            _uses[model] = _uses.GetValueOrDefault(model) + 1;
        }
        return new(this, model, place);
    }

    bool IsServed(Tts model) => _all.Exists(m => m.Model == model);

    void Leave(Tts model)
    {
        lock (_gate)
        {
            if (--_uses[model] > 0)
                return;
            _uses.Remove(model);
            if (IsServed(model))
                return;
        }
        model.Dispose();
    }

    /// <summary>Frees the models that were trained here. No request is left.</summary>
    public void Dispose()
    {
        lock (_gate)
            _isOver = true;
        foreach (var trained in _all.Where(m => m.IsTrained))
            trained.Model.Dispose();
    }

    /// <summary>The use of a model by a request.</summary>
    public sealed class Lease(ServedModels models, Tts model, IDisposable? place) : IDisposable
    {
        int _left;

        /// <summary>Lets the next request in, and keeps the model.</summary>
        public void LeavePlace() => place?.Dispose();

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0)
                return;
            LeavePlace();
            models.Leave(model);
        }
    }
}
