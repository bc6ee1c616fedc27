using Banking.EmbeddedPostgres.Backups;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Web.Backups;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Host.Backups;

/// <summary>The backups that a host makes of its private cluster while it serves.</summary>
/// <param name="settings">The settings of the host (<see cref="DrillRun.FindSettings"/>).</param>
internal sealed class ServedBackups(BankDatabase database, BackupOptions options, KeyRingFolder keys, IReadOnlyList<string> settings)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private ClusterBackups? _backups;
    private DrillSchedule? _drills;
    private Task _drilling = Task.CompletedTask;

    /// <summary>Null before the start.</summary>
    public BackupStatus? Status => _backups?.Status;

    public RestoreDrilled? LastDrill => _drills?.Last;

    /// <summary>Whether no drill of a restore has ended for too long.</summary>
    public bool IsDrillOverdue => _drills?.IsOverdue == true;

    /// <summary>Registers the backups and their health, if this host makes any.</summary>
    public static void Add(WebApplicationBuilder builder, BankDatabase database, BackupOptions options)
    {
        if (database.Cluster is null || !options.Enabled)
        {
            return;
        }

        var keys = database.FindKeyRing(builder.Configuration);
        var settings = DrillRun.FindSettings(builder.Configuration, database.DataFolder!, keys);
        builder.Services.AddSingleton(_ => new ServedBackups(database, options, keys, settings)).AddHealthChecks().Add(new(
            "backups",
            services => new BackupHealth(services.GetRequiredService<ServedBackups>(), options, TimeProvider.System),
            HealthStatus.Degraded,
            [Health.ReadyTag]));
    }

    /// <summary>Starts the backups. The schema must be prepared.</summary>
    public static async Task StartAsync(IServiceProvider services, BankDatabase database)
    {
        if (services.GetService<ServedBackups>() is { } served)
        {
            served.Start(services);
        }
        else if (database.Cluster is { } cluster)
        {
            await ClusterBackups.ForgetAsync(cluster, BankDatabase.Name);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _drilling;
        await (_backups?.DisposeAsync() ?? ValueTask.CompletedTask);
        _stop.Dispose();
    }

    private void Start(IServiceProvider services)
    {
        var log = services.GetRequiredService<ILogger<ServedBackups>>();
        _backups = BankBackups.Start(
            database.Cluster!,
            database.DataFolder!,
            options,
            keys,
            BankBackups.FirstAfter,
            line => log.LogInformation("{Line}", line),
            line => log.LogWarning("{Line}", line));
        _drills = new(_backups, options, database.DataFolder!, settings, services.GetRequiredService<RestoreDrills>(), log);
        _drilling = _drills.RunAsync(_stop.Token);
        services.GetRequiredService<BackupWatch>().Use(
            () => BankBackups.View(_backups.Status, _drills.Last, TimeProvider.System.GetUtcNow()),
            _backups.TryRequest);
    }
}
