using System.Text.Json;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>Imported events have no receipts. Verification still compares them with the rules of an import.</summary>
public sealed class ImportedForgeryTests(SmallHistory history) : IClassFixture<SmallHistory>
{
    private const string InAccount10 =
        "stream_id = (select (data ->> 'accountId')::uuid from accounts.mt_doc_account_external_id where data ->> 'externalId' = '10')";
    private const string InAccount20 =
        "stream_id = (select (data ->> 'accountId')::uuid from accounts.mt_doc_account_external_id where data ->> 'externalId' = '20')";

    [Fact]
    public async Task What_is_forged_of_an_imported_event_is_named_by_the_rule_that_it_breaks()
    {
        Assert.Empty(await FindDifferencesAsync());
        (string Rule, string Sql)[] forgeries =
        [
            (
                "the id of a movement is derived from its row",
                $"update bank.mt_events set id = gen_random_uuid() where {InAccount10} and data -> 'source' ->> 'id' = '100'"),
            (
                "the id is derived from the account",
                $"update bank.mt_events set id = gen_random_uuid() where {InAccount10} and type = 'accounts.delegate-authorized.v1'"),
            (
                "the id is derived from the customer",
                "update bank.mt_events set id = gen_random_uuid() where type = 'customers.customer-registered.v1' and data ->> "
                    + "'externalId' = '1'"
            ),
            (
                "the key is the row it came from",
                $"update bank.mt_events set headers = jsonb_set(headers, '{{idempotencyKey}}', '\"berka/trans.asc/999\"') where "
                    + $"{InAccount10} and data -> 'source' ->> 'id' = '101'"
            ),
            (
                "the operation is the import that the actor names",
                $"update bank.mt_events set headers = jsonb_set(headers, '{{operation}}', '\"import other\"') where data ->> "
                    + $"'externalId' = '2'"
            ),
            (
                "an imported event names the row it came from",
                $"update bank.mt_events set data = data - 'source' where {InAccount20} and version = 2"),
            (
                "an import takes over a stream whole",
                "insert into bank.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, "
                    + "correlation_id, causation_id, headers, user_name, is_archived) "
                    + "select nextval('bank.mt_events_sequence'), gen_random_uuid(), stream_id, 3, data, type, clock_timestamp(), "
                    + "tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, "
                    + $"user_name, false from bank.mt_events where {InAccount20} and version = 2; update bank.mt_streams set version = 3 "
                    + $"where {InAccount20.Replace("stream_id", "id", StringComparison.Ordinal)}"
            ),
        ];
        await using var owner = NpgsqlDataSource.Create(TestCluster.Owner(history.Database));
        foreach (var (_, sql) in forgeries)
        {
            await using var command = owner.CreateCommand(sql);
            Assert.NotEqual(0, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        var found = await FindDifferencesAsync();

        Assert.All(forgeries, f => Assert.Contains(found, d => d.Contains(f.Rule, StringComparison.Ordinal)));
    }

    private async Task<IReadOnlyList<string>> FindDifferencesAsync()
    {
        var (_, output, error) = await HostCommand.RunAsync(
            ["verify", "--full", "--json"], ("ConnectionStrings__banking", history.Database));
        Assert.True(output.StartsWith('{'), output + error);
        return [.. JsonDocument.Parse(output).RootElement.GetProperty("differences").EnumerateArray().Select(d => d.GetRawText())];
    }
}
