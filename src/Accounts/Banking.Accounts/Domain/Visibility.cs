using Banking.Commands.Decisions;
using Banking.EventStore.Callers;

namespace Banking.Accounts.Domain;

/// <summary>Which accounts a caller may see.</summary>
internal static class Visibility
{
    public static bool CanSee(this Caller caller, Account account) =>
        caller.IsStaff || (caller.CustomerId is { } customer && account.IsUsedBy(customer));

    public static Refusal NotFound(string account, string? pointer = null) =>
        Refusal.NotFound("account_not_found", "There is no such account.", ("account", account)) with
        {
            Pointer = pointer is null ? null : "#" + pointer,
        };
}
