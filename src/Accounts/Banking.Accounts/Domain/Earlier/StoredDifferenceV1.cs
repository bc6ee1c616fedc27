using System.Text.Json.Serialization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>The shape of <c>accounts.correction-booked.v1</c>, the former name of accounts.difference-booked.</summary>
public sealed record StoredDifferenceV1(
    Guid Corrects, string Class, Direction Direction, Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, SourceRow? Source = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, Source);

    public static DifferenceBooked Upcast(StoredDifferenceV1 e)
    {
        return new(e.Corrects, e.Class, e.Direction, e.Amount, e.BankSide, e.EffectiveAt, e.Source);
    }

    public static StoredDifferenceV1? Downcast(DifferenceBooked e)
    {
        return new(e.Movement, e.Cause, e.Direction, e.Amount, e.BankSide, e.EffectiveAt, e.Source);
    }
}
