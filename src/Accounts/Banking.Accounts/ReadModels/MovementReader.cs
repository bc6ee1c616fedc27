using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.ReadModels;

/// <summary>Shows deposits, withdrawals and transfers from their events, with the balance right after them.</summary>
public sealed class MovementReader(AccountReader reader, HistoricalBalances balances)
{
    /// <summary>Returns the view of a movement; null if there is none with this id, or the caller may not see it.</summary>
    /// <param name="prefix">The prefix of the ids of this kind of movement.</param>
    /// <param name="withParty">Whether to show the counterparty, which may fail.</param>
    internal async Task<object?> FindAsync(string prefix, string id, Caller caller, CancellationToken ct, bool withParty = true)
    {
        if (!PublicId.TryParse(prefix, id, out var eventId) || await reader.EventAsync(eventId, ct) is not { } e || PrefixOf(e) != prefix)
        {
            return null;
        }

        if (await reader.FindAsync(AccountId.Format(e.StreamId), caller, ct) is not { } account)
        {
            // The payee sees the transfer without the payer's balance.
            return e.Data is TransferSent sent && await reader.FindAsync(AccountId.Format(sent.To), caller, ct) is not null
                ? View(e, id, null, caller, withParty)
                : null;
        }

        var (at, version) = await balances.AtVersionAsync(account, e.Version, ct);
        return version < e.Version || at.Last is null
            ? null
            : View(e, id, account with { Balance = at.Balance.ToMoney(), Version = e.Version }, caller, withParty);
    }

    private static string? PrefixOf(IEvent e) => e.Data switch
    {
        MoneyDeposited => MovementId.Deposit,
        MoneyWithdrawn => MovementId.Withdrawal,
        TransferSent => MovementId.Transfer,
        _ => null,
    };

    private static object View(IEvent e, string id, Account? after, Caller caller, bool withParty)
    {
        return e.Data switch
        {
            TransferSent sent => TransferView.Of(e.Id, e.StreamId, sent, after, e.Timestamp, e.ReasonFor(caller)),
            MoneyDeposited m => Movement(m, m.Details),
            var other => Movement((MoneyWithdrawn)other, ((MoneyWithdrawn)other).Details),
        };

        MovementView Movement(IMovement m, MovementDetails? details) => MovementView.Of(
            id, m, after!, e.Timestamp, withParty || details is null ? details : details with { Counterparty = null },
            e.ReasonFor(caller));
    }
}
