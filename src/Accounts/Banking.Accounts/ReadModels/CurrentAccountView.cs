using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;

namespace Banking.Accounts.ReadModels;

/// <summary>Shows what a command on accounts created or changed, as it is now: a movement, a correction, or the account.</summary>
internal sealed class CurrentAccountView(
    MovementReader movements, TransactionReader transactions, StateReader<Account> states) : ICurrentView
{
    public string StreamType => Account.StreamType;

    public async Task<CurrentView?> FindAsync(ExpiredAnswer answer, CancellationToken ct)
    {
        var address = answer.Location?.Split('/') ?? [];
        var id = address is [_, _, _, var last] ? last : "";
        object? view = address is [_, _, var kind, _] ? kind switch
        {
            // Without the counterparty, as in the answer that has expired.
            "deposits" => await movements.FindAsync(MovementId.Deposit, id, answer.Caller, ct, withParty: false),
            "withdrawals" => await movements.FindAsync(MovementId.Withdrawal, id, answer.Caller, ct, withParty: false),
            "transfers" => await movements.FindAsync(MovementId.Transfer, id, answer.Caller, ct),
            "transactions" => await CorrectionAsync(id, answer.Caller, ct),
            _ => null,
        } : null;
        if (view is not null)
        {
            return new(view);
        }

        return (address is [] or [_, _, "accounts", _]) && await states.FindAsync(answer.Last.StreamId, ct) is { } account
            ? new(AccountView.Of(account), account.Version)
            : null;
    }

    private async Task<CorrectionView?> CorrectionAsync(string id, Caller caller, CancellationToken ct)
    {
        if (await transactions.FindEventAsync(id, ct) is not { Data: ICorrectionEvent { Correction: var link } } first
            || await transactions.FindAsync(link.Corrects, ct) is not { } corrected)
        {
            return null;
        }

        var bookings = (await transactions.CorrectionsAsync(link.Transaction, ct))
            .Where(e => ((ICorrectionEvent)e.Data).Correction.Id == link.Id)
            .Select(e => new NewEvent(e.StreamId, e.Id, e.Data)).ToList();
        var accounts = await states.FindAsync([.. bookings.Select(b => b.StreamId).Distinct()], ct);
        return CorrectionView.Of(
            corrected, bookings, [.. accounts.Values], first.Timestamp, first.Header(HeaderNames.ReasonCode) ?? "",
            first.ReasonFor(caller));
    }
}
