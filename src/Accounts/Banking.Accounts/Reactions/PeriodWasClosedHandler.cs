using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Periods.Contracts;
using Wolverine;

namespace Banking.Accounts.Reactions;

public static class PeriodWasClosedHandler
{
    /// <summary>Begins to carry the states of long streams forward, one page of accounts per message.</summary>
    public static Task<CarryAccountsForward?> Handle(
        PeriodWasClosed message, Envelope envelope, CarryingForward carrying, CancellationToken ct)
    {
        return Handle(new CarryAccountsForward(message.Closing, Guid.Empty), envelope, carrying, ct);
    }

    public static Task<CarryAccountsForward?> Handle(
        CarryAccountsForward message, Envelope envelope, CarryingForward carrying, CancellationToken ct)
    {
        return carrying.RunAsync(message, envelope.CorrelationId, ct);
    }
}
