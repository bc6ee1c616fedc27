using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;

namespace Banking.Accounts.Features;

/// <summary>The parts of one kind of account command that <see cref="AccountCommands"/> runs.</summary>
/// <param name="Accounts">The caller's references to the accounts. The caller must have access to the first.</param>
/// <param name="Decide">The pure decision. The ids are for the events that it makes.</param>
internal sealed record CommandDefinition<TCommand>(
    CommandShape<TCommand> Shape,
    Func<TCommand, IReadOnlyList<AccountReference>> Accounts,
    Func<TCommand, IReadOnlyList<Account>, NewIds, DateTimeOffset, BackdatingRule, Decision> Decide)
{
    /// <summary>The effective time that the command claims; null for kinds of command that cannot claim one.</summary>
    public Func<TCommand, DateTimeOffset?> EffectiveAt { get; init; } = _ => null;

    /// <summary>The counterparty that the command names, which is stored sealed; null for kinds of command that name none.</summary>
    public Func<TCommand, Counterparty?> Counterparty { get; init; } = _ => null;

    /// <summary>Returns the path of what the events made; null if the command makes nothing that has one.</summary>
    public Func<IReadOnlyList<NewEvent>, string?> Address { get; init; } = _ => null;

    /// <summary>Whether the first account is debited.</summary>
    public bool IsFirstDebited { get; init; }
}

/// <summary>A caller's reference to an account.</summary>
/// <param name="Account">Public id or account number.</param>
/// <param name="Pointer">JSON pointer to the reference in a request's body; null if the reference is in the URL.</param>
/// <param name="Member">The member of a message that holds the reference.</param>
internal readonly record struct AccountReference(string Account, string? Pointer, string Member);

/// <summary>New ids, passed into a decision so that it stays a pure function.</summary>
public sealed record NewIds(Guid First, Guid Second);
