using Banking.EventStore.Sealing;
using Banking.EventStore.Versions;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>
/// The earlier versions of the module's events. Names and shapes never change: events under these names are in the log for ever.
/// </summary>
public static class EarlierVersions
{
    /// <summary>Since then movements have a structured purpose and an end-to-end id, and differences have a name of their own.</summary>
    private static readonly DateOnly Structured = new(2026, 11, 30);

    /// <summary>Since then counterparties are sealed.</summary>
    private static readonly DateOnly Sealed = SealedTexts.Since;

    public static IReadOnlyList<EarlierVersion> All { get; } =
    [
        EarlierVersion.Of<StoredDepositV1, MoneyDeposited>(
            "accounts.money-deposited.v1", Structured, StoredDepositV1.Upcast, StoredDepositV1.Downcast),
        EarlierVersion.Of<StoredWithdrawalV1, MoneyWithdrawn>(
            "accounts.money-withdrawn.v1", Structured, StoredWithdrawalV1.Upcast, StoredWithdrawalV1.Downcast),
        EarlierVersion.Of<StoredTransferSentV1, TransferSent>(
            "accounts.transfer-sent.v1", Structured, StoredTransferSentV1.Upcast, StoredTransferSentV1.Downcast),
        EarlierVersion.Of<StoredTransferReceivedV1, TransferReceived>(
            "accounts.transfer-received.v1", Structured, StoredTransferReceivedV1.Upcast, StoredTransferReceivedV1.Downcast),
        EarlierVersion.Of<StoredReversalV1, MovementReversed>(
            "accounts.movement-reversed.v1", Structured, StoredReversalV1.Upcast, StoredReversalV1.Downcast),
        EarlierVersion.Of<StoredRebookingV1, MovementRebooked>(
            "accounts.movement-rebooked.v1", Structured, StoredRebookingV1.Upcast, StoredRebookingV1.Downcast),
        EarlierVersion.Of<StoredDifferenceV1, DifferenceBooked>(
            "accounts.correction-booked.v1", Structured, StoredDifferenceV1.Upcast, StoredDifferenceV1.Downcast),
        EarlierVersion.Of<StoredDepositV2, MoneyDeposited>(
            "accounts.money-deposited.v2", Sealed, StoredDepositV2.Upcast, StoredDepositV2.Downcast),
        EarlierVersion.Of<StoredWithdrawalV2, MoneyWithdrawn>(
            "accounts.money-withdrawn.v2", Sealed, StoredWithdrawalV2.Upcast, StoredWithdrawalV2.Downcast),
        EarlierVersion.Of<StoredTransferSentV2, TransferSent>(
            "accounts.transfer-sent.v2", Sealed, StoredTransferSentV2.Upcast, StoredTransferSentV2.Downcast),
        EarlierVersion.Of<StoredTransferReceivedV2, TransferReceived>(
            "accounts.transfer-received.v2", Sealed, StoredTransferReceivedV2.Upcast, StoredTransferReceivedV2.Downcast),
        EarlierVersion.Of<StoredReversalV2, MovementReversed>(
            "accounts.movement-reversed.v2", Sealed, StoredReversalV2.Upcast, StoredReversalV2.Downcast),
        EarlierVersion.Of<StoredRebookingV2, MovementRebooked>(
            "accounts.movement-rebooked.v2", Sealed, StoredRebookingV2.Upcast, StoredRebookingV2.Downcast),
    ];
}
