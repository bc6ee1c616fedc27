using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.SharedKernel;

namespace Banking.Accounts.Contracts;

/// <summary>Whether a movement raises or lowers the balance of the customer's account.</summary>
public enum Direction
{
    /// <summary>Raises the balance.</summary>
    Credit,

    /// <summary>Lowers the balance.</summary>
    Debit,
}

/// <summary>The sign of a movement, defined here only.</summary>
public static class DirectionSign
{
    /// <summary>The amount in minor units as a change of the balance: positive for a credit, negative for a debit.</summary>
    public static long Signed(this Direction direction, long amount) => direction switch
    {
        Direction.Credit => amount,
        Direction.Debit => checked(-amount),
        _ => throw new InvalidOperationException($"{direction} is not a direction of a movement."),
    };

    /// <summary>The direction of a movement that takes one of this direction back.</summary>
    public static Direction Opposite(this Direction direction) => direction == Direction.Credit ? Direction.Debit : Direction.Credit;
}

/// <summary>
/// The bank's own leg of an entry. It has no stream, because it has no invariant, and every movement of the bank would wait for that
/// stream's lock.
/// </summary>
public enum BankSide
{
    /// <summary>Notes and coins over the counter.</summary>
    Cash,

    /// <summary>Money from or to another bank.</summary>
    Settlement,

    /// <summary>Interest paid to or charged to the customer.</summary>
    Interest,

    /// <summary>Fees.</summary>
    Fees,

    /// <summary>Unexplained differences, including rounding.</summary>
    Suspense,
}

/// <summary>The other party of a movement from or to another bank.</summary>
/// <param name="Bank">The counterparty's bank, as the source names it.</param>
/// <param name="Account">The counterparty's account, as the source names it.</param>
/// <remarks>It is sealed in everything that the bank stores (ADR 0085), and opened when one of its members is read.</remarks>
public sealed record Counterparty(string? Bank, string? Account) : ISealable<Counterparty>
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly SealedText? _sealed;

    /// <summary>Null until a sealed one is opened. Two threads may open it at the same time, with the same result.</summary>
    private Content? _content = new(Bank, Account);

    private Counterparty(SealedText text)
        : this(null, null) => (_sealed, _content) = (text, null);

    public string? Bank => Open().Bank;

    public string? Account => Open().Account;

    static string ISealable<Counterparty>.SealedAs => "counterparty";

    SealedText? ISealable<Counterparty>.Sealed => _sealed;

    /// <summary>The same counterparty. It throws if it cannot be opened, so that an answer is not begun that cannot be completed.</summary>
    public Counterparty Opened()
    {
        Open();
        return this;
    }

    byte[] ISealable<Counterparty>.ToPlain() => JsonSerializer.SerializeToUtf8Bytes(Open(), Json);

    static Counterparty ISealable<Counterparty>.Of(SealedText text) => new(text);

    static Counterparty ISealable<Counterparty>.OfPlain(ReadOnlySpan<byte> plain)
    {
        var content = Read(plain);
        return new(content.Bank, content.Account);
    }

    /// <summary>Equal texts are equal counterparties, so a comparison of stored ones needs no key.</summary>
    public bool Equals(Counterparty? other) =>
        other is not null
        && (ReferenceEquals(this, other) || (_sealed is not null && _sealed.Text == other._sealed?.Text) || Open() == other.Open());

    public override int GetHashCode() => Open().GetHashCode();

    /// <summary>Without the counterparty, because records may be logged.</summary>
    public override string ToString() => nameof(Counterparty);

    private Content Open() => _content ??= Read(_sealed!.Open());

    private static Content Read(ReadOnlySpan<byte> plain) =>
        JsonSerializer.Deserialize<Content>(plain, Json) ?? throw new JsonException("A counterparty is not null.");

    private sealed record Content(string? Bank, string? Account);
}

/// <summary>What a movement is for.</summary>
/// <param name="Code">A purpose code of ISO 20022 (ExternalPurpose1Code), one to four capital letters and digits: SALA, RENT …</param>
/// <param name="Text">The purpose in words: interest, fee, household, pension …</param>
public sealed record Purpose(string? Code = null, string? Text = null);

/// <summary>Optional details of a movement.</summary>
/// <param name="Operation">The kind of operation: cash-in, cash-out, transfer-in, transfer-out, card …</param>
/// <param name="Purpose">What the movement is for.</param>
/// <param name="Reference">The customer's own reference.</param>
/// <param name="Counterparty">The other party of a movement from or to another bank; stored as a sealed text.</param>
/// <param name="EndToEndId">The payer's id of the payment, which every bank on its way passes on unchanged (ISO 20022).</param>
public sealed record MovementDetails(
    string? Operation = null,
    Purpose? Purpose = null,
    string? Reference = null,
    Counterparty? Counterparty = null,
    string? EndToEndId = null);
