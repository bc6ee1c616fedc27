using Banking.EmbeddedPostgres.Backups;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Web.Backups;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Host.Backups;

/// <summary>The backups that a host makes of its private cluster while it serves.</summary>
internal sealed class ServedBackups(BankDatabase database, BackupOptions options, KeyRingFolder keys) : IAsyncDisposable
{
    private ClusterBackups? _backups;

    /// <summary>Null before the start.</summary>
    public BackupStatus? Status => _backups?.Status;

    /// <summary>Registers the backups and their health, if this host makes any.</summary>
    public static void Add(WebApplicationBuilder builder, BankDatabase database, BackupOptions options)
    {
        if (database.Cluster is null || !options.Enabled)
        {
            return;
        }

        var keys = database.FindKeyRing(builder.Configuration);
        builder.Services.AddSingleton(_ => new ServedBackups(database, options, keys)).AddHealthChecks().Add(new(
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

    public ValueTask DisposeAsync() => _backups?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Start(IServiceProvider services)
    {
        var log = services.GetRequiredService<ILogger<ServedBackups>>();
        _backups = BankBackups.Start(
            database.Cluster!, database.DataFolder!, options, keys, BankBackups.FirstAfter, line => log.LogInformation("{Line}", line));
        services.GetRequiredService<BackupWatch>().Use(() => BankBackups.View(_backups.Status, TimeProvider.System.GetUtcNow()));
    }
}
