using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>The shape of <c>accounts.money-deposited.v1</c>.</summary>
public sealed record StoredDepositV1(
    Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, StoredDetailsV1? Details = null, SourceRow? Source = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, Source);

    public static MoneyDeposited Upcast(StoredDepositV1 e)
    {
        return new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV1.Upcast(e.Details), e.Source);
    }

    public static StoredDepositV1? Downcast(MoneyDeposited e)
    {
        return StoredDetailsV1.CanSay(e.Details)
            ? new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV1.Downcast(e.Details), e.Source)
            : null;
    }
}

/// <summary>The shape of <c>accounts.money-withdrawn.v1</c>.</summary>
public sealed record StoredWithdrawalV1(
    Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, StoredDetailsV1? Details = null, SourceRow? Source = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, Source);

    public static MoneyWithdrawn Upcast(StoredWithdrawalV1 e)
    {
        return new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV1.Upcast(e.Details), e.Source);
    }

    public static StoredWithdrawalV1? Downcast(MoneyWithdrawn e)
    {
        return StoredDetailsV1.CanSay(e.Details)
            ? new(e.Amount, e.BankSide, e.EffectiveAt, StoredDetailsV1.Downcast(e.Details), e.Source)
            : null;
    }
}
