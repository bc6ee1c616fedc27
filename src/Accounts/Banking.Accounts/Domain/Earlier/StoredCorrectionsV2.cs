using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>The shape of <c>accounts.movement-reversed.v2</c>.</summary>
public sealed record StoredReversalV2(
    CorrectionLink Correction, Direction Direction, Money Amount, DateTimeOffset EffectiveAt,
    BankSide? BankSide = null, OtherAccount? Other = null, StoredDetailsV2? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static MovementReversed Upcast(StoredReversalV2 e)
    {
        return new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV2.Upcast(e.Details));
    }

    public static StoredReversalV2 Downcast(MovementReversed e)
    {
        return new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV2.Downcast(e.Details));
    }
}

/// <summary>The shape of <c>accounts.movement-rebooked.v2</c>.</summary>
public sealed record StoredRebookingV2(
    CorrectionLink Correction, Direction Direction, Money Amount, DateTimeOffset EffectiveAt,
    BankSide? BankSide = null, OtherAccount? Other = null, StoredDetailsV2? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static MovementRebooked Upcast(StoredRebookingV2 e)
    {
        return new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV2.Upcast(e.Details));
    }

    public static StoredRebookingV2 Downcast(MovementRebooked e)
    {
        return new(e.Correction, e.Direction, e.Amount, e.EffectiveAt, e.BankSide, e.Other, StoredDetailsV2.Downcast(e.Details));
    }
}
