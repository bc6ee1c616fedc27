using System.Text.Json.Serialization;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>The shape of <c>accounts.transfer-sent.v1</c>.</summary>
public sealed record StoredTransferSentV1(
    Guid TransferId, Guid To, AccountNumber ToNumber, Money Amount, DateTimeOffset EffectiveAt, StoredDetailsV1? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static TransferSent Upcast(StoredTransferSentV1 e)
    {
        return new(e.TransferId, e.To, e.ToNumber, e.Amount, e.EffectiveAt, StoredDetailsV1.Upcast(e.Details));
    }

    public static StoredTransferSentV1? Downcast(TransferSent e)
    {
        return StoredDetailsV1.CanSay(e.Details)
            ? new(e.TransferId, e.To, e.ToNumber, e.Amount, e.EffectiveAt, StoredDetailsV1.Downcast(e.Details))
            : null;
    }
}

/// <summary>The shape of <c>accounts.transfer-received.v1</c>.</summary>
public sealed record StoredTransferReceivedV1(
    Guid TransferId, Guid From, AccountNumber FromNumber, Money Amount, DateTimeOffset EffectiveAt, StoredDetailsV1? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static TransferReceived Upcast(StoredTransferReceivedV1 e)
    {
        return new(e.TransferId, e.From, e.FromNumber, e.Amount, e.EffectiveAt, StoredDetailsV1.Upcast(e.Details));
    }

    public static StoredTransferReceivedV1? Downcast(TransferReceived e)
    {
        return StoredDetailsV1.CanSay(e.Details)
            ? new(e.TransferId, e.From, e.FromNumber, e.Amount, e.EffectiveAt, StoredDetailsV1.Downcast(e.Details))
            : null;
    }
}
