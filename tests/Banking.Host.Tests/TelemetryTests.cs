using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Banking.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Banking.Host.Tests;

/// <summary>A host that sends its telemetry to a collector of the test.</summary>
public sealed class ObservedHost : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Path, string Body)> _received = new();

    private WebApplication _collector = null!;

    public HostProcess Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _collector = builder.Build();
        _collector.MapPost("/{**path}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            _received.Enqueue((request.Path, Encoding.UTF8.GetString(body.ToArray())));
        });
        await _collector.StartAsync();
        Host = await HostProcess.ServeAsync(
            ["--no-demo"],
            ("ConnectionStrings__banking", await BankFixture.NewDatabaseAsync()),
            ("Banking__Telemetry__Prometheus", "true"),
            ("Banking__Sentinel__IntervalSeconds", "1"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", _collector.Urls.Single()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _collector.DisposeAsync();
    }

    /// <summary>Number of messages that were sent to a path of the collector.</summary>
    public int Count(string path) => _received.Count(r => r.Path == path);

    /// <summary>All that was sent to a path of the collector. Strings are readable in the binary form.</summary>
    public string Sent(string path) => string.Concat(_received.Where(r => r.Path == path).Select(r => r.Body));
}

/// <summary>What a host sends to a collector and shows to Prometheus.</summary>
public sealed class TelemetryTests(ObservedHost observed) : IClassFixture<ObservedHost>
{
    private const string Account = "stream=\"account\"";

    [Fact]
    public async Task An_idle_host_traces_nothing_and_a_request_is_traced_down_to_the_database()
    {
        // Spans of earlier requests are sent at once, metrics every second.
        var metrics = observed.Count("/v1/metrics");
        await Eventually.UntilAsync(() => observed.Count("/v1/metrics"), n => n >= metrics + 1);
        var traces = observed.Count("/v1/traces");
        await Eventually.UntilAsync(() => observed.Count("/v1/metrics"), n => n >= metrics + 4);
        Assert.Equal(traces, observed.Count("/v1/traces"));

        var account = await (await observed.Host.TellerAsync()).OpenAsync(balance: "10.00");
        await Eventually.UntilAsync(() => observed.Sent("/v1/traces"), sent => sent.Contains("/v1/accounts", StringComparison.Ordinal));

        Assert.Contains("service.name\u0012\t\n\abanking", observed.Sent("/v1/traces"), StringComparison.Ordinal);
        Assert.NotNull(account);
    }

    [Fact]
    public async Task Commands_are_counted_by_outcome_and_shown_to_Prometheus()
    {
        var teller = await observed.Host.TellerAsync();
        var before = await ScrapeAsync();
        var account = await teller.OpenAsync(balance: "10.00");
        var key = ("Idempotency-Key", BankClient.NewKey());
        (await teller.DepositAsync(account, "1.00", "EUR", key)).Created();
        (await teller.DepositAsync(account, "1.00", "EUR", key)).Created();
        Assert.Equal(422, (await teller.WithdrawAsync(account, "99.00")).StatusCode);

        // The sentinel's first run begins the series of differences at 0. An answer at /metrics is kept for a moment.
        var after = await Eventually.UntilAsync(
            ScrapeAsync,
            m => m.Contains("banking_read_model_drift_total", StringComparison.Ordinal)
                && Sum(m, "banking_commands_total", Account, "outcome=\"refused\"") > 0);

        // Opening and two deposits; one repeat; one refusal with its code.
        Assert.Equal(3, Sum(after, "banking_commands_total", Account, "outcome=\"accepted\"")
            - Sum(before, "banking_commands_total", Account, "outcome=\"accepted\""));
        Assert.Equal(1, Sum(after, "banking_commands_total", Account, "outcome=\"replayed\""));
        Assert.Equal(1, Sum(after, "banking_commands_total", Account, "outcome=\"refused\"", "code=\"insufficient_funds\""));
        Assert.Equal(1, Sum(after, "banking_commands_duration_seconds_count", Account, "outcome=\"refused\""));
        Assert.True(Sum(after, "banking_commands_group_size_sum", Account) >= 5);
        // Bounds in the unit of the metric: others would put every command into one bucket.
        Assert.NotEmpty(Series(after, "banking_commands_duration_seconds_bucket", Account, "le=\"0.005\""));
        Assert.NotEmpty(Series(after, "banking_commands_group_size_bucket", Account, "le=\"1\""));
        Assert.Equal(0, Sum(after, "banking_commands_waiting", Account));
        Assert.Equal(0, Sum(after, "banking_read_model_drift_total", "model=\"entries\""));
    }

    [Fact]
    public async Task The_state_of_each_health_check_is_shown_to_Prometheus()
    {
        using var http = observed.Host.Http();
        await http.GetStringAsync("/health/ready", TestContext.Current.CancellationToken);

        var metrics = await Eventually.UntilAsync(
            ScrapeAsync, m => m.Contains("banking_health_status{", StringComparison.Ordinal));

        Assert.Contains("check=\"event-archive\"", metrics, StringComparison.Ordinal);
        Assert.Equal(0, Sum(metrics, "banking_health_status", "check=\"ledger\""));
    }

    private async Task<string> ScrapeAsync()
    {
        using var http = observed.Host.Http();
        return await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
    }

    /// <summary>The sum of the series with these labels. A line is: name{labels} value [time].</summary>
    private static double Sum(string metrics, string name, params string[] labels) =>
        Series(metrics, name, labels).Sum(l => double.Parse(l[(l.LastIndexOf('}') + 2)..].Split(' ')[0], CultureInfo.InvariantCulture));

    private static IEnumerable<string> Series(string metrics, string name, params string[] labels) =>
        metrics.Split('\n')
            .Where(l => l.StartsWith(name + "{", StringComparison.Ordinal))
            .Where(l => labels.All(label => l.Contains(label, StringComparison.Ordinal)));
}
