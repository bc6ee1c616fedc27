using Banking.Commands.Decisions;
using Banking.EventStore.Published;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Publishing.Feed;

/// <summary>Reads the filter of the feed from the query.</summary>
internal static class FeedFilter
{
    /// <summary>More names than any address can hold.</summary>
    private const int MaxNames = 200;

    public static (EventFilter Filter, Refusal? Problem) Read(IQueryCollection query, PublicContracts contracts)
    {
        var (types, accounts) = (Names(query, "types"), Names(query, "accounts"));
        var problem = Problem("types", types, contracts.IsKnown, "names of published types, such as banking.account.money-deposited.v1")
            ?? Problem("accounts", accounts, a => PublicId.TryParse("acc", a, out _), "ids of accounts, acc_…");
        return (EventFilter.Of(types, accounts), problem);
    }

    private static string[]? Names(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var text) ? text.ToString().Split(',') : null;

    private static Refusal? Problem(string name, string[]? given, Func<string, bool> isKnown, string expected) =>
        given is null || (given.Length <= MaxNames && given.All(isKnown))
            ? null
            : Refusal.Malformed("malformed_filter", $"{name} must be at most {MaxNames} of {expected}, separated by commas.");
}
