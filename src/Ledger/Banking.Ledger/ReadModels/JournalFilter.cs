using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.SharedKernel;
using Marten;
using Microsoft.AspNetCore.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>Which entries of the journal are wanted; null for all.</summary>
/// <param name="Types">Stored types of events: all versions of one event.</param>
internal readonly record struct JournalFilter(Guid? Account, string[]? Types)
{
    /// <summary>Longer than any stored type of event.</summary>
    private const int MaxTypeLength = 200;

    public static (JournalFilter Filter, Refusal? Problem) Read(HttpRequest request, IDocumentStore store)
    {
        var account = Guid.Empty;
        var hasAccount = request.Query.TryGetValue("accountId", out var id);
        var hasType = request.Query.TryGetValue("type", out var type);
        return hasAccount && !PublicId.TryParse("acc", id, out account)
            ? (default, Refusal.Malformed("malformed_filter", "accountId is the id of a customer's account, acc_…."))
            : hasType && PlainText.Problem(type.ToString(), MaxTypeLength) is { } why
            ? (default, Refusal.Malformed("malformed_filter", $"type: {why}"))
            : (new(hasAccount ? account : null, hasType ? StoredEventTypes.Versions(store, type.ToString()) : null), null);
    }
}
