using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Platform.Commands;
using Banking.Platform.Security;

namespace Banking.Accounts.Features;

/// <summary>The accounts of one command: what its caller named them, and the ids that were found for the names.</summary>
internal sealed class NamedAccounts(IReadOnlyList<NamedAccount> named, AccountReferences references)
{
    private readonly Guid[] _ids = new Guid[named.Count];

    public IReadOnlyList<Guid> Ids => _ids;

    /// <summary>
    /// Whether an account was found under a number that is not its own: the number was looked up before the database was restored.
    /// </summary>
    public bool IsStale { get; private set; }

    public async Task<Refusal?> ResolveAsync(CancellationToken ct)
    {
        for (var i = 0; i < _ids.Length; i++)
        {
            if (await references.ResolveAsync(named[i].Account, ct) is not { } id)
            {
                return Visibility.NotFound(named[i].Account, named[i].Pointer);
            }

            _ids[i] = id;
        }

        return null;
    }

    /// <summary>
    /// The context as if the caller had named each account by its id: one account has many spellings, and the same command in another one
    /// is a repeat. What the caller wrote is still looked for, because that is what earlier versions kept.
    /// </summary>
    public CommandContext InOneSpelling(CommandContext context)
    {
        var respelled = named.Zip(_ids, (name, id) => (Name: name, Id: AccountId.Format(id))).Where(n => n.Name.Account != n.Id).ToList();
        if (respelled.Count == 0 || context.Content is not { } content)
        {
            return context;
        }

        var members = respelled.Where(n => content.IsMessage || n.Name.Pointer is not null)
            .ToDictionary(n => content.IsMessage ? n.Name.Member : n.Name.Pointer![1..], n => n.Id);
        var operation = content.IsMessage ? context.Operation : respelled.Where(n => n.Name.Pointer is null).Aggregate(
            context.Operation, (o, n) => o.Replace($"/{n.Name.Account}/", $"/{n.Id}/", StringComparison.Ordinal));
        return context with
        {
            Operation = operation,
            FormerOperation = operation == context.Operation ? null : context.Operation,
            Fingerprint = members.Count == 0 ? context.Fingerprint : content.FingerprintWith(members),
            FormerFingerprint = members.Count == 0 ? context.FormerFingerprint : context.FormerFingerprint ?? context.Fingerprint,
        };
    }

    public Account[] In(States<Account> states) => [.. _ids.Select(id => states[id])];

    public Decision.Rejected? MayAsk(Caller caller, States<Account> states)
    {
        for (var i = 0; i < _ids.Length; i++)
        {
            var account = states.Find(_ids[i]);
            if (!AccountReferences.Names(named[i].Account, account))
            {
                references.Forget(named[i].Account);
                IsStale = true;
                return new(
                    Problems.Malformed(
                        "temporarily_unavailable",
                        "The account of this number has changed. Nothing was done; repeat with the same key.",
                        status: 503));
            }

            // The same answer whether it is not there or not theirs: an account number must not be a way to ask who banks here.
            if (account is null || (i == 0 && !caller.CanSee(account)))
            {
                return new(Visibility.NotFound(named[i].Account, named[i].Pointer));
            }
        }

        return null;
    }
}
