using System.Runtime.CompilerServices;
using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>
/// Ids derived from those of the source, so that a second import of the same files adds nothing. A change of the scope or of a name here
/// would make the bank import everything again.
/// </summary>
/// <param name="copy">
/// 0 for the bank itself. A higher number gives a copy of the history its own ids, external ids and account numbers. The provenance is the
/// same, because the rows are the same.
/// </param>
internal sealed class BerkaIds(int copy)
{
    /// <summary>The name of the source in the provenance of imported events.</summary>
    public const string System = "berka";

    private const string Country = "XB";
    private static readonly Guid Scope = new("5d3c7e0a-91f4-4b6e-8f52-0c1e9b7a4d28");

    private readonly string _prefix = copy == 0 ? "" : Text($"copy/{copy}/");

    public Guid Customer(long clientId) => DeterministicId.From(Scope, Text($"{_prefix}client/{clientId}"));

    public Guid Account(long accountId) => DeterministicId.From(Scope, Text($"{_prefix}account/{accountId}"));

    public Guid Movement(long transactionId) => DeterministicId.From(Scope, Text($"{_prefix}transaction/{transactionId}"));

    /// <summary>The id of the correction of a row.</summary>
    public Guid Rounding(long transactionId) => DeterministicId.From(Scope, Text($"{_prefix}transaction/{transactionId}/rounding"));

    public string ExternalId(long id) => copy == 0 ? Text($"{id}") : Text($"{id}-{copy}");

    /// <summary>The id is padded to the maximum width, so that the number of a copy can follow it without ambiguity.</summary>
    public AccountNumber Number(long accountId) =>
        AccountNumber.Create(Country, copy == 0 ? Text($"BERK{accountId:D12}") : Text($"BERK{accountId:D12}{copy}"));

    // The handler writes directly into the string. FormattableString would box each number, for every booked row.
    private static string Text(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();
}
