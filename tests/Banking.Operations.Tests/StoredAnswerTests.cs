using System.Text.Json.Nodes;

namespace Banking.Operations.Tests;

/// <summary>
/// A receipt and its answer are what the log says: a change of any column or member is found, for every kind of command.
/// </summary>
public sealed class StoredAnswerTests(AnsweredBank bank) : IClassFixture<AnsweredBank>
{
    [Fact]
    public async Task A_change_of_any_member_of_any_answer_is_found()
    {
        var missed = new List<string>();
        foreach (var answered in bank.Answered)
        {
            Assert.Empty(await bank.CompareAsync(answered));
            var body = Assert.Single(
                await bank.QueryAsync<string>("select body from platform.receipt_answer where id = $1", answered.Receipt));
            foreach (var (change, forged) in Forgeries(body))
            {
                await WriteAsync(answered.Receipt, forged);
                if (!(await bank.CompareAsync(answered)).Any(d => d.Id == answered.Receipt))
                {
                    missed.Add($"{answered.Command}: {change}");
                }
            }

            await WriteAsync(answered.Receipt, body);
        }

        Assert.Equal([], missed);
    }

    [Fact]
    public async Task A_changed_status_location_version_or_event_of_any_receipt_is_found_also_when_the_answer_has_expired()
    {
        await using var expired = new AnsweredBank();
        await ((IAsyncLifetime)expired).InitializeAsync();
        Assert.Equal([], await MissedColumnsAsync(expired));
        await expired.ExpireAsync();

        Assert.Equal(
            [
                // Only its answer says which of the accounts of a correction has the version, and whether a refusal is a conflict.
                "/v1/transactions/trf corrections 201: version = version + 1", "/v1/transactions/trf corrections 201: version = null",
                "/v1/withdrawals withdrawals 422: status = 409",
            ],
            await MissedColumnsAsync(expired));
    }

    private static async Task<List<string>> MissedColumnsAsync(AnsweredBank bank)
    {
        var missed = new List<string>();
        foreach (var answered in bank.Answered)
        {
            Assert.Empty(await bank.CompareAsync(answered));
            var isRefusal = answered.Command.EndsWith("422", StringComparison.Ordinal);
            string[] changes = isRefusal
                ? ["status = 409", "location = '/v1/deposits/dep_1'", "version = 1", "event_id = null"]
                :
                [
                    .. new[] { 200, 201, 202 }.Where(s => !answered.Command.EndsWith($"{s}", StringComparison.Ordinal))
                        .Select(s => $"status = {s}"),
                    "location = coalesce(location, '/v1/deposits/dep_1') || 'x'", "version = version + 1",
                    "version = null", "event_id = null",
                ];
            foreach (var change in changes)
            {
                await bank.ForgeAsync($"create table public.kept as select * from platform.receipt where id = '{answered.Receipt}'");
                await bank.ForgeAsync($"update platform.receipt set {change} where id = '{answered.Receipt}'");
                if (!(await bank.CompareAsync(answered)).Any(d => d.Id == answered.Receipt))
                {
                    missed.Add($"{answered.Command}: {change}");
                }

                await bank.ForgeAsync(
                    $"delete from platform.receipt where id = '{answered.Receipt}'; insert into platform.receipt select * from "
                        + "public.kept; drop table public.kept");
            }
        }

        return missed;
    }

    /// <summary>Each member changed, each one removed, one added, and one twice.</summary>
    private static IEnumerable<(string Change, string Body)> Forgeries(string body)
    {
        var members = JsonNode.Parse(body)!.AsObject();
        foreach (var (name, value) in members)
        {
            var changed = JsonNode.Parse(body)!.AsObject();
            changed[name] = Changed(value);
            yield return ($"{name} changed", changed.ToJsonString());
            changed.Remove(name);
            yield return ($"{name} removed", changed.ToJsonString());
        }

        members["planted"] = 1;
        yield return ("planted", members.ToJsonString());
        yield return ("twice", $"{body.TrimEnd()[..^1]},{body.Trim()[1..]}");
    }

    /// <summary>The innermost first value, changed.</summary>
    private static JsonNode? Changed(JsonNode? value)
    {
        switch (value?.DeepClone())
        {
            case JsonObject { Count: > 0 } inner:
                var (name, first) = inner.First();
                inner[name] = Changed(first);
                return inner;
            case JsonArray { Count: > 0 } items:
                items[0] = Changed(items[0]);
                return items;
            case JsonArray:
                return new JsonArray("planted");
            case JsonObject:
                return new JsonObject { ["planted"] = 1 };
            case JsonValue number when number.TryGetValue<long>(out var whole):
                return whole + 1;
            case JsonValue flag when flag.TryGetValue<bool>(out var isTrue):
                return !isTrue;
            default:
                return "forged";
        }
    }

    private Task WriteAsync(Guid receipt, string body) => bank.ForgeAsync(
        $"update platform.receipt_answer set body = '{body.Replace("'", "''", StringComparison.Ordinal)}' where id = '{receipt}'");
}
