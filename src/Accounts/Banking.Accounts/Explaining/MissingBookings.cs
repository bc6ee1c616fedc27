using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Commands;
using Banking.Commands.Approvals;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;

namespace Banking.Accounts.Explaining;

/// <summary>
/// Searches for a booking that an account lacks: refused and proposed commands of the amount, bookings of it on other accounts, and earlier
/// ones of this account. All is searched as it is now. The candidates are hints, for staff only.
/// </summary>
public sealed class MissingBookings(RefusalReader refusals, EntryPages entries, IProposals proposals)
{
    /// <summary>The candidates that each rule lists.</summary>
    private const int MaxPerRule = 10;

    /// <summary>The newest proposals of one amount on an account, and bookings of it in the bank, that are looked at.</summary>
    private const int MaxRead = 200;

    /// <summary>
    /// A refusal is found by its first account. A transfer that another account's rules refused is among the newest refusals of the bank.
    /// </summary>
    private const string Refused =
        $"""
        ({RefusalReader.Select}
        where CAST(d.data ->> 'streamId' as uuid) = $1 and d.data -> 'command' ->> 'type' = any($2) order by d.id desc limit 1000)
        union all
        (select d.id, d.data from (select * from {CommandsModule.RefusalTable} order by id desc limit 10000) d
        where CAST(d.data ->> 'streamId' as uuid) <> $1 and upper(replace(d.data -> 'command' -> 'fields' ->> 'to', ' ', '')) = any($3))
        order by id desc
        """;

    /// <param name="movements">The movements of the account that were searched.</param>
    internal async Task<IReadOnlyList<MissingView>> FindAsync(MistakeQuery query, Int128 missing, IReadOnlyList<IEvent> movements,
        CancellationToken ct)
    {
        if (missing == 0 || missing > long.MaxValue || missing < -long.MaxValue)
        {
            return [];
        }

        var search = new Search(query.Balance, (long)missing);
        var found = (IEnumerable<MissingView>)
        [
            .. await RefusedAsync(search, ct), .. await ProposedAsync(search, ct), .. await OnOthersAsync(search, movements, ct),
            .. Repeated(search, movements),
        ];
        return [.. found.OrderByDescending(m => m.Score).ThenByDescending(m => m.At)];
    }

    private async Task<IEnumerable<MissingView>> RefusedAsync(Search search, CancellationToken ct)
    {
        return (await refusals.ListAsync(Refused, [search.Account.Id, MissingCommand.Types, search.Names], ct))
            .Where(r => r.Command is { } command && search.Fits(MissingCommand.Of(command, search.Account), r.RecordedAt))
            .Take(MaxPerRule)
            .Select(r => new MissingView(
                MissingRule.RefusedCommand, 90, MissingWords.Of(MissingRule.RefusedCommand), null, null, search.Amount, r.RecordedAt,
                r.Code, $"/v1/refusals/{PublicId.Format(RefusalId.Prefix, r.Id)}"));
    }

    private async Task<IEnumerable<MissingView>> ProposedAsync(Search search, CancellationToken ct) =>
        (await proposals.NotExecutedAsync(MissingCommand.PatternsOf(search.Names, search.Missing, search.Account.Currency), MaxRead, ct))
            .Where(p => search.Fits(MissingCommand.Of(p.Command, search.Account), p.ProposedAt))
            .Take(MaxPerRule)
            .Select(p => new MissingView(
                MissingRule.ProposedCommand, 85, MissingWords.Of(MissingRule.ProposedCommand), null, null, search.Amount, p.ProposedAt,
                p.Status, p.Address));

    private async Task<IEnumerable<MissingView>> OnOthersAsync(
        Search search, IReadOnlyList<IEvent> movements, CancellationToken ct)
    {
        var known = movements.Select(e => Counterparty.Of((IMovement)e.Data).Key).Where(Counterparty.IsOutside).ToHashSet();
        var (found, _) = await entries.NewestAsync(null, search.Filter, null, MaxRead, ct);
        return found
            .Where(e => e.Event.StreamId != search.Account.Id && e.Movement.SignedAmount.Minor == search.Missing
                && e.Movement is not MovementReversed)
            .Select(e => (Entry: e, IsKnown: known.Contains(Counterparty.Of(e.Movement).Key)))
            .OrderByDescending(e => e.IsKnown)
            .Take(MaxPerRule)
            .Select(e => new MissingView(
                MissingRule.OtherAccount, e.IsKnown ? 80 : 60, MissingWords.Of(MissingRule.OtherAccount, e.IsKnown),
                AccountId.Format(e.Entry.Event.StreamId), Counterparty.Of(e.Entry.Movement).Key, search.Amount,
                e.Entry.Movement.EffectiveAt, null, ChangeLinks.TransactionOf(e.Entry.Event)!));
    }

    /// <summary>The newest booking of the amount with each counterparty.</summary>
    private static IEnumerable<MissingView> Repeated(Search search, IReadOnlyList<IEvent> movements) => movements
        .Where(e => e.Data is not ICorrectionEvent && ((IMovement)e.Data).SignedAmount.Minor == search.Missing)
        .GroupBy(e => Counterparty.Of((IMovement)e.Data).Key)
        .Select(g => g.Last())
        .Take(MaxPerRule)
        .Where(e => ChangeLinks.TransactionOf(e) is not null)
        .Select(e => new MissingView(
            MissingRule.RepeatedBooking, 70, MissingWords.Of(MissingRule.RepeatedBooking), null, Counterparty.Of((IMovement)e.Data).Key,
            search.Amount, ((IMovement)e.Data).EffectiveAt, null, ChangeLinks.TransactionOf(e)!));

    /// <param name="Missing">The amount of the booking in minor units, negative for a debit.</param>
    private sealed record Search(ExplanationQuery Balance, long Missing)
    {
        public Account Account => Balance.Account;

        public Amount Amount => Amount.Of(new Money(Math.Abs(Missing), Account.Currency));

        /// <summary>The texts by which commands name the account, without spaces and in capital letters.</summary>
        public string[] Names => [AccountId.Format(Account.Id).ToUpperInvariant(), Account.Number.Value];

        public EntryFilter Filter
        {
            get
            {
                var amount = new Money(Math.Abs(Missing), Account.Currency);
                return new() { Minimum = amount, Maximum = amount, Currency = Account.Currency, Effective = Period };
            }
        }

        private Interval Period => new(
            Balance.Start > ChangeQuery.Earliest ? Balance.Start : null, Balance.End < DateTimeOffset.MaxValue ? Balance.End : null);

        /// <summary>Whether the command would have booked the amount in the period.</summary>
        public bool Fits(MissingCommand? command, DateTimeOffset decidedAt) =>
            command is { } c && c.Amount == Missing && c.Currency == Account.Currency && Period.Contains(c.EffectiveAt ?? decidedAt);
    }
}
