using System.Text.Json;
using Banking.Commands.Decisions;

namespace Banking.Web.Commands;

/// <summary>How the commands of a batch hang together.</summary>
public enum BatchMode
{
    /// <summary>Each is decided for itself.</summary>
    Independent,

    /// <summary>All are done, in their order and at one moment, or none is.</summary>
    Atomic,
}

/// <summary>Many commands of one kind in one request.</summary>
/// <param name="Items">1 to 1,000, in the order in which an atomic batch is decided.</param>
public sealed record Batch<TRequest>(BatchMode Mode, IReadOnlyList<BatchItem<TRequest>> Items);

/// <summary>One command of a batch.</summary>
/// <param name="IdempotencyKey">Its own key, the same as if it were sent alone: what was answered once, here or there, is repeated.</param>
/// <param name="Command">The command as it would be sent alone.</param>
public sealed record BatchItem<TRequest>(string IdempotencyKey, TRequest Command);

/// <summary>The answer to a batch.</summary>
/// <param name="Accepted">How many are applied, now or before.</param>
/// <param name="Refused">How many are not. Of what is left nobody knows: repeat it.</param>
/// <param name="Results">One for each command, in their order.</param>
public sealed record BatchView(BatchMode Mode, int Accepted, int Refused, IReadOnlyList<BatchResultView> Results);

/// <summary>What became of one command of a batch.</summary>
/// <param name="Status">The HTTP status it would have been answered with alone.</param>
/// <param name="Applied">Whether it is applied, now or before; null when that is not known, and repeating it will tell.</param>
/// <param name="Replayed">Whether this is the stored answer to a key seen before.</param>
/// <param name="Version">The version of the account that its ETag would have told.</param>
/// <param name="Position">The global position that holds everything this answer tells.</param>
/// <param name="Body">The body it would have been answered with alone: the resource, or the problem.</param>
public sealed record BatchResultView(
    string IdempotencyKey, int Status, bool? Applied, bool Replayed, long? Version, long? Position, string? Location, JsonElement Body);

/// <summary>What a batch may be.</summary>
public static class Batches
{
    public const int Most = 1_000;

    public const string Description =
        "Each item is the command as it is sent alone, with a key of its own that it shares with the single route. "
        + "independent: each is decided for itself, and results tells what became of each. "
        + "atomic: all are done in their order, or none is; then the answer is a problem with the same results in it.";

    /// <summary>Room for a thousand commands, unless each says as much as it may.</summary>
    public const int LargestBytes = 1024 * 1024;

    /// <summary>What is wrong with the batch itself, whatever its commands say.</summary>
    public static Refusal? Problem<TRequest>(Batch<TRequest> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Items.Count is < 1 or > Most)
        {
            return Problems.Malformed("batch_size", $"A batch has 1 to {Most} items.", "#/items");
        }

        var keys = new HashSet<string>(batch.Items.Count, StringComparer.Ordinal);
        for (var i = 0; i < batch.Items.Count; i++)
        {
            var at = $"#/items/{i}";
            if (batch.Items[i] is not { } item || item.Command is null)
            {
                return Problems.Malformed("malformed_json", "The item must not be null.", at);
            }

            if (!CommandContext.IsKey(item.IdempotencyKey))
            {
                return Problems.Malformed(
                    "malformed_idempotency_key",
                    $"A key is 1 to {CommandContext.LongestKey} printable ASCII characters.",
                    at + "/idempotencyKey");
            }

            if (!keys.Add(item.IdempotencyKey))
            {
                return Problems.Malformed(
                    "duplicate_idempotency_key", "Another item of this batch has the same key.", at + "/idempotencyKey");
            }
        }

        return null;
    }
}
