using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>The shape of <c>accounts.money-deposited.v2</c>.</summary>
public sealed record StoredDepositV2(
    Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, StoredDetailsV2? Details = null, SourceRow? Source = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, Source);

    public static MoneyDeposited Upcast(StoredDepositV2 e)
    {
        return new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV2.Upcast(e.Details), e.Source);
    }

    public static StoredDepositV2 Downcast(MoneyDeposited e)
    {
        return new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV2.Downcast(e.Details), e.Source);
    }
}

/// <summary>The shape of <c>accounts.money-withdrawn.v2</c>.</summary>
public sealed record StoredWithdrawalV2(
    Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, StoredDetailsV2? Details = null, SourceRow? Source = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, Source);

    public static MoneyWithdrawn Upcast(StoredWithdrawalV2 e)
    {
        return new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV2.Upcast(e.Details), e.Source);
    }

    public static StoredWithdrawalV2 Downcast(MoneyWithdrawn e)
    {
        return new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV2.Downcast(e.Details), e.Source);
    }
}
