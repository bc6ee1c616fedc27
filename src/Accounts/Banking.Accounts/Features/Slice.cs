using Banking.Accounts.Domain;
using Banking.Platform.Commands;
using Banking.Platform.Security;

namespace Banking.Accounts.Features;

/// <summary>What the common way of an account command needs to know of one kind of command.</summary>
/// <param name="Accounts">The accounts it concerns, as the caller named them. The caller must be entitled to the first.</param>
/// <param name="Decide">The pure decision. The ids are for the facts that follow.</param>
/// <param name="Answer">The answer when it was accepted, from the accounts after it.</param>
internal sealed record Slice<TCommand>(
    CommandShape<TCommand> Shape,
    Func<TCommand, IReadOnlyList<NamedAccount>> Accounts,
    Func<TCommand, IReadOnlyList<Account>, NewIds, DateTimeOffset, BackdatingRule, Decision> Decide,
    Func<TCommand, IReadOnlyList<Account>, NewIds, DateTimeOffset, CommandAnswer> Answer)
{
    /// <summary>Since when the command says that it counts; only some kinds of command may say so.</summary>
    public Func<TCommand, DateTimeOffset?> EffectiveAt { get; init; } = _ => null;

    /// <summary>Whether the first account pays.</summary>
    public bool Debits { get; init; }
}

/// <summary>An account as the caller of a command named it.</summary>
/// <param name="Pointer">Where a request names it in its body; null where its address does.</param>
/// <param name="Member">Where a message names it.</param>
internal readonly record struct NamedAccount(string Account, string? Pointer, string Member);

/// <summary>Ids given to a decision from outside, so that the decision stays a function.</summary>
public sealed record NewIds(Guid First, Guid Second);

/// <summary>Whether a caller may know of an account.</summary>
internal static class Visibility
{
    public static bool CanSee(this Caller caller, Account account) =>
        caller.IsStaff || (caller.CustomerId is { } customer && account.IsUsedBy(customer));

    public static Refusal NotFound(string account, string? pointer = null) =>
        Refusal.Of("account_not_found", 404, "There is no such account.", ("account", account)) with
        {
            Pointer = pointer is null ? null : "#" + pointer,
        };
}
