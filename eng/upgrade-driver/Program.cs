using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Banking.EmbeddedPostgres;
using Npgsql;
using UpgradeDriver;

// A rolling upgrade of a bank under load: the program of an earlier commit and this one on one database. Arguments: the host program of
// the earlier commit, this one's, the folder for data, the day whose versions are written first, and the seconds of each step.
if (args is not [var former, var present, var folder, var day, var seconds])
{
    Console.Error.WriteLine("usage: UpgradeDriver FORMER.dll PRESENT.dll FOLDER DAY SECONDS");
    return 2;
}

const int Accounts = 50;
const long Opening = 100_00;
var step = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
var seed = Environment.TickCount;
await using var cluster = await PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(folder, "postgres") });
await cluster.EnsureDatabaseAsync("banking");
var connection = cluster.ConnectionString("banking");
var keys = Directory.CreateDirectory(Path.Combine(folder, "keys"));
string[] database =
[
    $"--ConnectionStrings:banking={connection}", $"--ConnectionStrings:owner={connection}",
    $"--Banking:Keys:Folder={keys.FullName}",
];
await RunAsync(former, "keys", "create");

await using var old = await BankProcess.ServeAsync("old", former, database);
var accounts = await OpenAsync(old);
var load = new Load(accounts, seed);
Console.WriteLine($"{Accounts} accounts; seed {seed}");
load.Add(old);
load.Start();
await StepAsync("the old program alone");

await using var expanded = await BankProcess.ServeAsync("new", present, [.. database, $"--Banking:Events:WriteVersionsOf={day}"]);
load.Add(expanded);
await StepAsync($"both programs, the new one writes the versions of {day}");

await using var switched = await BankProcess.ServeAsync("switched", present, database);
load.Add(switched);
load.Remove(expanded);
await expanded.StopAsync();
await StepAsync("both programs, the new one writes the newest versions");

load.Remove(old);
await old.StopAsync();
await StepAsync("the new program alone");

await load.StopAsync();
var failures = 0;
Check("every key is answered once", (await load.CountWrongReplaysAsync(switched)).ToString(CultureInfo.InvariantCulture), "0");
Check("the sum of money", await ScalarAsync("select sum((data -> 'balance' ->> 'minor')::bigint)::text from accounts.mt_doc_account"),
    (Accounts * Opening).ToString(CultureInfo.InvariantCulture));
Check("each transfer is stored once",
    await ScalarAsync("select count(*)::text from bank.mt_events where type like 'accounts.transfer-sent.v%'"),
    load.Done.ToString(CultureInfo.InvariantCulture));
Console.WriteLine("  stored: " + await ScalarAsync(
    "select string_agg(type || ' ' || n, ', ' order by type) from (select type, count(*) n from bank.mt_events group by type) t"));
await UntilCurrentAsync();
await switched.StopAsync();
var (exitCode, report) = await BankProcess.RunAsync(present, ["verify", "--full", .. database]);
Console.WriteLine("  " + report.ReplaceLineEndings(Environment.NewLine + "  "));
Check("verify --full ends with", exitCode.ToString(CultureInfo.InvariantCulture), "0");
Console.WriteLine(failures == 0 ? $"The upgrade held: {load.Done} transfers." : $"{failures} checks failed.");
return failures == 0 ? 0 : 1;

async Task StepAsync(string what)
{
    load.TakeCounts();
    await Task.Delay(step, TimeProvider.System);
    Console.WriteLine($"{what}: {load.TakeCounts()}");
}

void Check(string what, string? found, string expected)
{
    failures += found == expected ? 0 : 1;
    Console.WriteLine($"  {what}: {found}{(found == expected ? "" : $", expected {expected}")}");
}

async Task RunAsync(string program, params string[] arguments)
{
    var (code, output) = await BankProcess.RunAsync(program, [.. arguments, .. database]);
    if (code != 0)
    {
        throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with {code}: {output}");
    }
}

static async Task<IReadOnlyList<string>> OpenAsync(BankProcess bank)
{
    using var registered = await bank.Http.PostAsJsonAsync("/v1/customers", new { name = "Ada" });
    var customerId = (await registered.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
    var opened = new List<string>();
    for (var i = 0; i < Accounts; i++)
    {
        using var answer = await bank.Http.PostAsJsonAsync("/v1/accounts", new { customerId, currency = "EUR", product = "current" });
        opened.Add((await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!);
        using var deposit = new HttpRequestMessage(HttpMethod.Post, "/v1/deposits")
        {
            Content = JsonContent.Create(
                new { accountId = opened[^1], amount = new { value = "100.00", currency = "EUR" }, reason = "opening" }),
        };
        deposit.Headers.Add("Idempotency-Key", $"opening-{i.ToString(CultureInfo.InvariantCulture)}");
        using var deposited = await bank.Http.SendAsync(deposit);
        deposited.EnsureSuccessStatusCode();
    }

    return opened;
}

async Task<string?> ScalarAsync(string sql)
{
    await using var source = NpgsqlDataSource.Create(connection);
    await using var command = source.CreateCommand(sql);
    return (string?)await command.ExecuteScalarAsync();
}

// Nothing may stay behind: books and checkpoints reach the end of the log by themselves.
async Task UntilCurrentAsync()
{
    const string Behind =
        """
        select count(*)::text from (
            select position from platform.read_model where state = 'serving' union all select position from publishing.publisher
            union all select last_seq_id from bank.mt_event_progression where name not like 'HighWater%') p
        where position < (select max(seq_id) from bank.mt_events)
        """;
    var waited = Stopwatch.StartNew();
    string? behind;
    while ((behind = await ScalarAsync(Behind)) != "0" && waited.Elapsed < TimeSpan.FromMinutes(2))
    {
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
    }

    Check("books, documents and publishers behind the log", behind, "0");
    Check("blocked accounts", await ScalarAsync("select count(*)::text from publishing.blocked_account"), "0");
}
