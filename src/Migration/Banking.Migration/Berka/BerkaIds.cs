using System.Runtime.CompilerServices;
using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>
/// Ids derived from the source's own, so that a second import of the same files finds the first and adds nothing. Changing the scope or a
/// name here makes every earlier import a stranger.
/// </summary>
/// <param name="copy">
/// 0 for the bank itself. A higher number makes another bank of the same history, with ids, external ids and account numbers of its own;
/// the provenance stays, for the rows are the same.
/// </param>
internal sealed class BerkaIds(int copy)
{
    /// <summary>Name of the source in the provenance of all that is imported from it.</summary>
    public const string System = "berka";

    private const string Country = "XB";
    private static readonly Guid Scope = new("5d3c7e0a-91f4-4b6e-8f52-0c1e9b7a4d28");

    private readonly string _prefix = copy == 0 ? "" : Text($"copy/{copy}/");

    public Guid Customer(long clientId) => DeterministicId.From(Scope, Text($"{_prefix}client/{clientId}"));

    public Guid Account(long accountId) => DeterministicId.From(Scope, Text($"{_prefix}account/{accountId}"));

    public Guid Movement(long transactionId) => DeterministicId.From(Scope, Text($"{_prefix}transaction/{transactionId}"));

    /// <summary>Of the correction that goes with a row.</summary>
    public Guid Rounding(long transactionId) => DeterministicId.From(Scope, Text($"{_prefix}transaction/{transactionId}/rounding"));

    public string ExternalId(long id) => copy == 0 ? Text($"{id}") : Text($"{id}-{copy}");

    /// <summary>The id padded to the width of the longest, so that the number of a copy can follow it without ambiguity.</summary>
    public AccountNumber Number(long accountId) =>
        AccountNumber.Create(Country, copy == 0 ? Text($"BERK{accountId:D12}") : Text($"BERK{accountId:D12}{copy}"));

    // Interpolated straight into the string: every booked row passes here, and FormattableString would box each number.
    private static string Text(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();
}
