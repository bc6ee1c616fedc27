using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>The shape of <c>accounts.movement-reversed.v1</c>.</summary>
public sealed record StoredReversalV1(
    CorrectionLink Correction, Direction Direction, Money Amount, DateTimeOffset EffectiveAt,
    BankSide? BankSide = null, OtherAccount? Other = null, StoredDetailsV1? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static MovementReversed Upcast(StoredReversalV1 e)
    {
        return new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV1.Upcast(e.Details));
    }

    public static StoredReversalV1? Downcast(MovementReversed e)
    {
        return StoredDetailsV1.CanSay(e.Details)
            ? new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV1.Downcast(e.Details))
            : null;
    }
}

/// <summary>The shape of <c>accounts.movement-rebooked.v1</c>.</summary>
public sealed record StoredRebookingV1(
    CorrectionLink Correction, Direction Direction, Money Amount, DateTimeOffset EffectiveAt,
    BankSide? BankSide = null, OtherAccount? Other = null, StoredDetailsV1? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static MovementRebooked Upcast(StoredRebookingV1 e)
    {
        return new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV1.Upcast(e.Details));
    }

    public static StoredRebookingV1? Downcast(MovementRebooked e)
    {
        return StoredDetailsV1.CanSay(e.Details)
            ? new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV1.Downcast(e.Details))
            : null;
    }
}
