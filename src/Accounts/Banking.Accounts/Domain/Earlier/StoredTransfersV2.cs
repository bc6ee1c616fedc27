using System.Text.Json.Serialization;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>The shape of <c>accounts.transfer-sent.v2</c>.</summary>
public sealed record StoredTransferSentV2(
    Guid TransferId, Guid To, AccountNumber ToNumber, Money Amount, DateTimeOffset EffectiveAt, StoredDetailsV2? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static TransferSent Upcast(StoredTransferSentV2 e)
    {
        return new(e.TransferId, e.To, e.ToNumber, e.Amount, e.EffectiveAt, StoredDetailsV2.Upcast(e.Details));
    }

    public static StoredTransferSentV2 Downcast(TransferSent e)
    {
        return new(e.TransferId, e.To, e.ToNumber, e.Amount, e.EffectiveAt, StoredDetailsV2.Downcast(e.Details));
    }
}

/// <summary>The shape of <c>accounts.transfer-received.v2</c>.</summary>
public sealed record StoredTransferReceivedV2(
    Guid TransferId, Guid From, AccountNumber FromNumber, Money Amount, DateTimeOffset EffectiveAt, StoredDetailsV2? Details = null)
    : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized() => StoredAmount.Check(Amount, source: null);

    public static TransferReceived Upcast(StoredTransferReceivedV2 e)
    {
        return new(e.TransferId, e.From, e.FromNumber, e.Amount, e.EffectiveAt, StoredDetailsV2.Upcast(e.Details));
    }

    public static StoredTransferReceivedV2 Downcast(TransferReceived e)
    {
        return new(e.TransferId, e.From, e.FromNumber, e.Amount, e.EffectiveAt, StoredDetailsV2.Downcast(e.Details));
    }
}
