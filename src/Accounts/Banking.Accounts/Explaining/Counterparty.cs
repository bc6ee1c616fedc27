using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.EventStore.Json;

namespace Banking.Accounts.Explaining;

/// <summary>The other side of a movement.</summary>
/// <param name="Key">An account number of this bank; BANK:ACCOUNT of another bank, as imported; or the bank's own side: cash.</param>
internal sealed record Counterparty(string Key)
{
    /// <summary>A bank and an account, with the colon between them.</summary>
    public const int MaxLength = (2 * CommandDetails.MaxParty) + 1;

    private const string Unknown = "unknown";

    private static readonly HashSet<string> BankSides = [.. Enum.GetNames<BankSide>().Select(WireNames.Of)];

    public static Counterparty Of(IMovement movement) => movement switch
    {
        TransferSent m => new(m.ToNumber.Value),
        TransferReceived m => new(m.FromNumber.Value),
        ICorrectionEvent { Other: { } other } => new(other.Number.Value),
        _ when Details(movement)?.Counterparty is { } elsewhere && (elsewhere.Bank ?? elsewhere.Account) is not null =>
            new($"{elsewhere.Bank}:{elsewhere.Account}"),
        _ => new(movement.BankSide is { } side ? WireNames.Of(side.ToString()) : Unknown),
    };

    /// <summary>Whether it is an account, and not the bank's own side, which any movement may have.</summary>
    public static bool IsOutside(string key) => !BankSides.Contains(key) && key != Unknown;

    private static MovementDetails? Details(IMovement movement) => movement switch
    {
        MoneyDeposited m => m.Details,
        MoneyWithdrawn m => m.Details,
        ICorrectionEvent m => m.Details,
        _ => null,
    };
}
