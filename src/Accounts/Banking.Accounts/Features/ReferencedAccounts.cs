using Banking.Accounts.Domain;
using Banking.Accounts.Lookups;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Callers;

namespace Banking.Accounts.Features;

/// <summary>The accounts of one command: the caller's references, and the account ids that they resolve to.</summary>
internal sealed class ReferencedAccounts(IReadOnlyList<AccountReference> references, AccountResolver resolver)
{
    private readonly Guid[] _ids = new Guid[references.Count];

    public IReadOnlyList<Guid> Ids => _ids;

    /// <summary>The account that a member of the command refers to; null if it refers to none.</summary>
    public Guid? Find(string member)
    {
        for (var i = 0; i < _ids.Length; i++)
        {
            if (references[i].Member == member)
            {
                return _ids[i];
            }
        }

        return null;
    }

    /// <summary>
    /// Whether an account was found under a number that is not its own: the number was cached before a restore of the database.
    /// </summary>
    public bool IsStale { get; private set; }

    public async Task<Refusal?> ResolveAsync(CancellationToken ct)
    {
        for (var i = 0; i < _ids.Length; i++)
        {
            if (await resolver.ResolveAsync(references[i].Account, ct) is not { } id)
            {
                return Visibility.NotFound(references[i].Account, references[i].Pointer);
            }

            _ids[i] = id;
        }

        return null;
    }

    /// <summary>
    /// Replaces account numbers by ids in the operation and the fingerprint: an account can be written in several ways, and the same
    /// command written in another way is a repeat. The original values stay as the former ones, because earlier versions stored those.
    /// </summary>
    public CommandContext Normalize(CommandContext context)
    {
        var replaced = references.Zip(_ids, (reference, id) => (Reference: reference, Id: AccountId.Format(id)))
            .Where(r => r.Reference.Account != r.Id)
            .ToList();
        if (replaced.Count == 0 || context.Content is not { } content)
        {
            return context;
        }

        var members = replaced.Where(r => content.IsMessage || r.Reference.Pointer is not null)
            .ToDictionary(r => content.IsMessage ? r.Reference.Member : r.Reference.Pointer![1..], r => r.Id);
        var operation = content.IsMessage ? context.Operation : replaced.Where(r => r.Reference.Pointer is null).Aggregate(
            context.Operation, (o, r) => o.Replace($"/{r.Reference.Account}/", $"/{r.Id}/", StringComparison.Ordinal));
        return context with
        {
            Operation = operation,
            FormerOperation = operation == context.Operation ? null : context.Operation,
            Fingerprint = members.Count == 0 ? context.Fingerprint : content.FingerprintWith(members),
            FormerFingerprint = members.Count == 0 ? context.FormerFingerprint : context.FormerFingerprint ?? context.Fingerprint,
        };
    }

    public Account[] SelectFrom(States<Account> states) => [.. _ids.Select(id => states[id])];

    public Decision.Rejected? CheckAccess(Caller caller, States<Account> states)
    {
        for (var i = 0; i < _ids.Length; i++)
        {
            var account = states.Find(_ids[i]);
            if (!AccountResolver.IsReferenceTo(references[i].Account, account))
            {
                resolver.Forget(references[i].Account);
                IsStale = true;
                return new(
                    Refusal.Unavailable(
                        "temporarily_unavailable",
                        "The account number was resolved before a restore of the database. Nothing was done; repeat with the same key."));
            }

            // A missing account and one of another customer get the same answer: account numbers must not reveal who is a customer.
            if (account is null || (i == 0 && !caller.CanSee(account)))
            {
                return new(Visibility.NotFound(references[i].Account, references[i].Pointer));
            }
        }

        return null;
    }
}
