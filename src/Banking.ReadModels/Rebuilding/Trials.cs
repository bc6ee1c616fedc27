using Banking.Commands.Operators;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>Why a candidate was not switched to; or that it was.</summary>
public enum SwitchOutcome
{
    Switched,

    /// <summary>The candidate is being built or compared, or a rebuild of the documents is running.</summary>
    NotReady,

    /// <summary>The candidate is of another version than this program.</summary>
    OtherVersion,

    NoCandidate,
}

/// <summary>Candidates of read models of both kinds, by name. The methods throw for an unknown name.</summary>
public sealed class Trials(
    IEnumerable<ReadModel> models, DocumentModels documents, Rebuild rebuild, DocumentCandidates documentCandidates,
    NpgsqlDataSource source)
{
    /// <summary>The names of all read models: the books, then the documents.</summary>
    public IEnumerable<string> Names => models.Select(m => m.Name).Concat(documents.All.Select(d => d.Name));

    public bool Knows(string name) => Names.Contains(name);

    /// <summary>The newest candidate of a read model, ended or not; null if there never was one.</summary>
    public async Task<Generation?> NewestAsync(string name, CancellationToken ct) =>
        (await Generation.AllAsync(source, ct)).FirstOrDefault(g => g.Model == name && g.IsBuiltAsCandidate);

    /// <summary>Requests a candidate that any host builds.</summary>
    /// <returns>Its number; null if there is one already.</returns>
    public async Task<int?> RequestAsync(string name, OperatorAction action, CancellationToken ct) => Book(name) is { } model
        ? (await rebuild.RequestAsync([model], action, ct, GenerationPurpose.Trial))?[name]
        : await documentCandidates.RequestAsync(Documents(name), action, ct);

    /// <summary>Builds a candidate in this process and compares it.</summary>
    /// <returns>Its number; null if there is one already, or a rebuild or repair is running.</returns>
    public Task<int?> RunAsync(string name, OperatorAction action, CancellationToken ct) => Book(name) is { } model
        ? rebuild.TryOutAsync(model, action, ct)
        : documentCandidates.TryOutAsync(Documents(name), action, ct);

    /// <summary>Activates a candidate that waits for a decision.</summary>
    public async Task<SwitchOutcome> SwitchAsync(string name, OperatorAction action, CancellationToken ct)
    {
        if (await NewestAsync(name, ct) is not { } candidate || !GenerationState.IsCandidate(candidate.State))
        {
            return SwitchOutcome.NoCandidate;
        }

        var book = Book(name);
        return candidate.ModelVersion != (book?.Version ?? Documents(name).Version) ? SwitchOutcome.OtherVersion
            : await (book is not null
                ? rebuild.SwitchAsync(book, action, ct)
                : documentCandidates.SwitchAsync(Documents(name), candidate, action, ct)) ? SwitchOutcome.Switched
            : SwitchOutcome.NotReady;
    }

    /// <summary>Drops the candidate; false if there is none.</summary>
    /// <param name="number">Only this candidate; null for whichever there is.</param>
    /// <param name="purpose">Only a candidate of this purpose; null for any.</param>
    public Task<bool> DropAsync(
        string name, OperatorAction action, CancellationToken ct, int? number = null, string? purpose = null) => Book(name) is { } model
        ? rebuild.CancelAsync(model, action, ct, number, purpose)
        : documentCandidates.CancelAsync(Documents(name), action, ct, number, purpose);

    private ReadModel? Book(string name) => models.FirstOrDefault(m => m.Name == name);

    private DocumentModel Documents(string name) =>
        documents.Find(name) ?? throw new ArgumentException($"There is no read model {name}.", nameof(name));
}
