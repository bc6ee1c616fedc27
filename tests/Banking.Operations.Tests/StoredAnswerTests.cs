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
            missed.AddRange((await MissedAsync(answered, isStateKnown: true)).Select(change => $"{answered.Command}: {change}"));
        }

        Assert.Equal([], missed);
    }

    [Theory]
    [InlineData("deposits 201", "accountNumber balance planted recordedAt status")]
    [InlineData("withdrawals 201", "accountNumber balance planted recordedAt status")]
    [InlineData("transfers 201", "balance planted recordedAt status")]
    [InlineData("corrections 201", "accounts planted reasonCode recordedAt status")]
    [InlineData("statements 201", "knownAt planted")]
    public async Task Where_the_state_is_not_known_a_change_of_a_member_that_the_event_has_is_found(string command, string others)
    {
        var missed = await MissedAsync(bank.Find(command), isStateKnown: false);

        Assert.Equal(others.Split(' '), missed.Select(change => change.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>The answer to the approval is made from the proposal, which only names the movement.</summary>
    [Theory]
    [InlineData("id = gen_random_uuid()", "its result is the movement")]
    [InlineData("headers = jsonb_set(headers, '{reasonText}', '\"forged\"')", "its reason is that of the movement")]
    public async Task A_movement_that_is_not_the_approved_one_is_found(string forgery, string rule)
    {
        var approval = bank.Find("approve 200");
        Assert.Empty(await bank.CompareAsync(approval));
        await bank.ForgeAsync(
            "create table public.kept as select seq_id, id, headers from bank.mt_events "
                + "where headers ? 'proposal' and type like 'accounts.money-deposited%'");
        await bank.ForgeAsync($"update bank.mt_events set {forgery} where seq_id = (select seq_id from public.kept)");

        Assert.Contains(
            await bank.CompareAsync(approval),
            d => d.Id == approval.Receipt && d.Expected!.Contains(rule, StringComparison.Ordinal));

        await bank.ForgeAsync(
            "update bank.mt_events e set id = k.id, headers = k.headers from public.kept k where k.seq_id = e.seq_id; "
                + "drop table public.kept");
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

    /// <summary>The changes of an answer that a comparison does not find.</summary>
    private async Task<List<string>> MissedAsync(Answered answered, bool isStateKnown)
    {
        var missed = new List<string>();
        Assert.Empty(await bank.CompareAsync(answered, isStateKnown));
        var body = Assert.Single(
            await bank.QueryAsync<string>("select body from platform.receipt_answer where id = $1", answered.Receipt));
        foreach (var (change, forged) in Forgeries(body))
        {
            await WriteAsync(answered.Receipt, forged);
            if (!(await bank.CompareAsync(answered, isStateKnown)).Any(d => d.Id == answered.Receipt))
            {
                missed.Add(change);
            }
        }

        await WriteAsync(answered.Receipt, body);
        return missed;
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
