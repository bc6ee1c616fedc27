using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Imports;
using Banking.SharedKernel;

namespace Banking.Accounts.Features;

/// <summary>Makes the stream of an imported account.</summary>
internal static class ImportAccounts
{
    public const string RoundingClass = "rounding";

    public static HistoryStream ToStream(AccountHistory history)
    {
        var events = new List<HistoryEvent>(history.Movements.Count + 2)
        {
            new(
                ImportedIds.Opened(history.AccountId),
                Key(history.Source),
                new AccountOpened(
                    history.Number,
                    history.OwnerId,
                    history.Product,
                    Money.Zero(history.Currency),
                    history.OpenedAt,
                    history.ExternalId,
                    history.Source),
                history.Source,
                history.OpenedAt),
        };
        foreach (var user in history.Delegates)
        {
            events.Add(new(
                ImportedIds.Delegate(history.AccountId, user.CustomerId), Key(user.Source),
                new DelegateAuthorized(user.CustomerId, history.OpenedAt, user.Source), user.Source, history.OpenedAt));
        }

        foreach (var movement in history.Movements)
        {
            events.Add(new(movement.Id, Key(movement.Source), Booked(movement), movement.Source, movement.EffectiveAt));
            if (movement.Rounding is { } rounding)
            {
                events.Add(
                    new(
                        rounding.Id,
                        Key(movement.Source) + "/rounding",
                        new DifferenceBooked(
                            movement.Id,
                            RoundingClass,
                            rounding.Direction,
                            rounding.Amount,
                            BankSide.Suspense,
                            movement.EffectiveAt,
                            movement.Source),
                        movement.Source,
                        movement.EffectiveAt));
            }
        }

        return new(history.AccountId, events, []);
    }

    private static IMovement Booked(HistoricMovement movement) =>
        movement.Direction == Direction.Credit
            ? new MoneyDeposited(movement.Amount, movement.BankSide, movement.EffectiveAt, Details(movement), movement.Source)
            : new MoneyWithdrawn(movement.Amount, movement.BankSide, movement.EffectiveAt, Details(movement), movement.Source);

    private static MovementDetails? Details(HistoricMovement movement) =>
        movement.Details == new MovementDetails() ? null : movement.Details;

    internal static string Key(SourceRow row) => $"{row.System}/{row.File}/{row.Id}";
}
