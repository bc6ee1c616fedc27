using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// Writes receipts in the format of earlier versions of the bank. Their scope was actor, operation and idempotency key; their fingerprint
/// covered the request body as sent. The receipt of a refusal named no event. The answer was in the row of its receipt.
/// The format is written out here, independent of the present code.
/// </summary>
public static class FormerReceipt
{
    /// <summary>Copies the receipt of a present command, as if an earlier version had written it for an earlier request.</summary>
    /// <param name="answer">The response to the accepted or refused deposit, withdrawal or transfer whose receipt is copied.</param>
    /// <param name="content">The earlier request as that version serialized it: members in their order, members without a value
    /// omitted.</param>
    public static async Task StoreAsync(this BankFixture bank, Answer answer, string actor, string operation, string key, string content)
    {
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(answer);
        await using var command = bank.Database.CreateCommand(
            """
            insert into platform.receipt (id, event_id, version, recorded_at, status, fingerprint, body, location)
            select $1, case when r.status < 400 then r.event_id end, r.version, r.recorded_at, r.status, $2, a.body, r.location
            from platform.receipt r join platform.receipt_answer a using (recorded_at, id) where a.body = $3
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = ComputeId(actor, operation, key) });
        command.Parameters.Add(new NpgsqlParameter { Value = SHA256.HashData(Encoding.UTF8.GetBytes(content)) });
        command.Parameters.Add(new NpgsqlParameter { Value = answer.Body });
        if (await command.ExecuteNonQueryAsync() != 1)
        {
            throw new InvalidOperationException("Expected exactly one receipt with this body: " + answer.Body);
        }
    }

    private static Guid ComputeId(string actor, string operation, string key)
    {
        var scope = string.Create(
            CultureInfo.InvariantCulture, $"{actor.Length}:{actor}|{operation.Length}:{operation}|{key.Length}:{key}");
        return new(SHA256.HashData(Encoding.UTF8.GetBytes(scope)).AsSpan(0, 16), bigEndian: true);
    }
}
