using System.Net.Http.Json;
using System.Text.Json;
using Banking.Testing;
using Npgsql;

namespace Banking.Publishing.Tests.Faults;

/// <summary>The real host in its own process. A test kills and restarts it on the same database while clients keep calling.</summary>
internal sealed class KillableBank : IAsyncDisposable
{
    private readonly string[] _settings;
    private readonly NpgsqlDataSource _source;
    private HostProcess? _host;
    private TaskCompletionSource<(HttpClient Http, BankClient Teller)> _up = New();
    private long _epoch;

    private KillableBank(string connectionString, string[] settings)
    {
        _settings =
        [
            "--no-demo",
            $"--ConnectionStrings:banking={connectionString}",
            $"--ConnectionStrings:owner={TestCluster.Owner(connectionString)}",
            .. settings,
        ];
        _source = NpgsqlDataSource.Create(connectionString);
    }

    /// <summary>Increases with each start and each kill; it is odd while the host is up.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    public static async Task<KillableBank> StartAsync(params string[] settings)
    {
        var bank = new KillableBank(await BankFixture.NewDatabaseAsync(), settings);
        await bank.StartAgainAsync();
        return bank;
    }

    public async Task KillAsync()
    {
        Interlocked.Increment(ref _epoch);
        _up = New();
        await _host!.KillAsync();
        await _host.DisposeAsync();
    }

    public async Task StartAgainAsync()
    {
        _host = await HostProcess.ServeAsync(_settings);
        var (http, teller) = (_host.Http(), await _host.TellerAsync());
        Interlocked.Increment(ref _epoch);
        _up.SetResult((http, teller));
    }

    /// <summary>Waits until the host is up, and returns a client of it.</summary>
    public async Task<BankClient> TellerAsync() => (await _up.Task).Teller;

    /// <summary>A client with an operator's token.</summary>
    public async Task<HttpClient> OperatorAsync()
    {
        var (http, _) = await _up.Task;
        var answer = await http.PostAsJsonAsync("/dev/token", new { role = "operator" });
        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
        var client = _host!.Http();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public async Task<long> NumberAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        await _source.DisposeAsync();
    }

    private static TaskCompletionSource<(HttpClient, BankClient)> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
