using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Commands.Receipts;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>What the facts of a stored refusal say of its cause.</summary>
/// <param name="Account">The account whose rule refused the command. The facts name it always if it is not the first account.</param>
/// <param name="IsOfBatch">Whether earlier commands of its atomic batch caused the refusal. These commands are not stored.</param>
internal readonly record struct RefusalFacts(Guid? Account, bool IsOfBatch)
{
    public static RefusalFacts Of(RecordedRefusal refusal)
    {
        using var facts = JsonDocument.Parse(refusal.Facts);
        var root = facts.RootElement;
        return new(
            root.TryGetProperty("accountId", out var account) && account.ValueKind == JsonValueKind.String
                && PublicId.TryParse(AccountId.Prefix, account.GetString(), out var id)
                ? id
                : null,
            root.TryGetProperty("batchIndex", out _));
    }
}
