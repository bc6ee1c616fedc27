using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// Receipts as earlier versions of the bank wrote them, spelled out here and not taken from today's code: actor, operation and key were
/// their whole scope, and the request as it was sent their content.
/// </summary>
public static class FormerReceipt
{
    /// <summary>Stores the answer to a command of today, but as if it had been given to an earlier request.</summary>
    /// <param name="answer">The accepted deposit, withdrawal or transfer, or a refusal, whose receipt is copied.</param>
    /// <param name="content">The earlier request as that version serialised it: its members in their order, those without a value left
    /// out.</param>
    public static async Task StoreAsync(this BankFixture bank, Answer answer, string actor, string operation, string key, string content)
    {
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(answer);
        await using var command = bank.Database.CreateCommand(
            """
            insert into platform.receipt (id, event_id, version, recorded_at, status, fingerprint, body, location)
            select $1, event_id, version, recorded_at, status, $2, body, location from platform.receipt where body = $3
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = Id(actor, operation, key) });
        command.Parameters.Add(new NpgsqlParameter { Value = SHA256.HashData(Encoding.UTF8.GetBytes(content)) });
        command.Parameters.Add(new NpgsqlParameter { Value = answer.Body });
        if (await command.ExecuteNonQueryAsync() != 1)
        {
            throw new InvalidOperationException("There is no receipt, or more than one, with this body: " + answer.Body);
        }
    }

    private static Guid Id(string actor, string operation, string key)
    {
        var scope = string.Create(
            CultureInfo.InvariantCulture, $"{actor.Length}:{actor}|{operation.Length}:{operation}|{key.Length}:{key}");
        return new(SHA256.HashData(Encoding.UTF8.GetBytes(scope)).AsSpan(0, 16), bigEndian: true);
    }
}
