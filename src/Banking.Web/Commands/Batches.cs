using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Commands.Decisions;

namespace Banking.Web.Commands;

/// <summary>How the commands of a batch depend on each other.</summary>
public enum BatchMode
{
    /// <summary>Each command is decided alone.</summary>
    Independent,

    /// <summary>Either all commands are applied, in their order and at one time, or none is.</summary>
    Atomic,
}

/// <summary>Many commands of one kind in one request.</summary>
/// <param name="Items">1 to 1,000, in the order in which an atomic batch is decided.</param>
public sealed record Batch<TRequest>(BatchMode Mode, IReadOnlyList<BatchItem<TRequest>> Items);

/// <summary>One command of a batch.</summary>
/// <param name="IdempotencyKey">The command's own key, the same as if it were sent alone: an earlier answer, from a batch or a single
/// command, is repeated.</param>
/// <param name="Command">The command as it would be sent alone.</param>
public sealed record BatchItem<TRequest>(string IdempotencyKey, [property: Required] TRequest Command);

/// <summary>The answer to a batch.</summary>
/// <param name="Accepted">The number of commands applied, now or earlier.</param>
/// <param name="Refused">The number of commands not applied. The outcome of the remaining commands is unknown: repeat them.</param>
/// <param name="Results">One result for each command, in their order.</param>
public sealed record BatchView(BatchMode Mode, int Accepted, int Refused, IReadOnlyList<BatchResultView> Results);

/// <summary>The result of one command of a batch.</summary>
/// <param name="Status">The HTTP status of the command if it were sent alone.</param>
/// <param name="Applied">Whether the command is applied, now or earlier; null if that is unknown: repeat it.</param>
/// <param name="Replayed">Whether this is the stored answer to an earlier use of the key.</param>
/// <param name="Version">The version of the account, as in the ETag.</param>
/// <param name="Position">The position of the log that includes everything in this answer.</param>
/// <param name="Body">The body of the answer if the command were sent alone: the resource or the problem.</param>
public sealed record BatchResultView(
    string IdempotencyKey,
    int Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool? Applied,
    bool Replayed,
    long? Version,
    long? Position,
    string? Location,
    JsonElement Body);

/// <summary>What a batch may be.</summary>
public static class Batches
{
    public const int MaxItems = 1_000;

    public const string Description =
        "Each item is a command as it is sent alone, with its own key, which is shared with the single route. "
        + "independent: each command is decided alone, and results contains the outcome of each. "
        + "atomic: all commands are applied in their order, or none is; then the answer is a problem with the same results.";

    /// <summary>The largest body: room for a thousand commands of usual size.</summary>
    public const int LargestBytes = 1024 * 1024;

    /// <summary>The problem of the batch itself, regardless of its commands; or null.</summary>
    public static Refusal? Problem<TRequest>(Batch<TRequest> batch)
    {
        if (batch.Items.Count is < 1 or > MaxItems)
        {
            return Refusal.Malformed("batch_size", $"A batch must have 1 to {MaxItems} items.", "#/items");
        }

        var keys = new HashSet<string>(batch.Items.Count, StringComparer.Ordinal);
        for (var i = 0; i < batch.Items.Count; i++)
        {
            var at = $"#/items/{i}";
            if (batch.Items[i] is not { } item || item.Command is null)
            {
                return Refusal.Malformed("malformed_json", "The item must not be null.", at);
            }

            if (!CommandContext.IsKey(item.IdempotencyKey))
            {
                return Refusal.Malformed(
                    "malformed_idempotency_key",
                    $"A key must be 1 to {CommandContext.MaxKeyLength} printable ASCII characters.",
                    at + "/idempotencyKey");
            }

            if (!keys.Add(item.IdempotencyKey))
            {
                return Refusal.Malformed(
                    "duplicate_idempotency_key", "Another item of this batch has the same key.", at + "/idempotencyKey");
            }
        }

        return null;
    }
}
