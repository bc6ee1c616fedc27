using Banking.Commands.Receipts;
using Banking.EventStore.Versions;
using Banking.Host.Database;
using Banking.ReadModels.Verifying;
using Banking.Web;
using Banking.Web.Http;

namespace Banking.Host.Hosting;

/// <summary>
/// Values of settings that have the right type and still cannot work. A host reads all of them before it creates anything: one start names
/// all faults, and a refused start leaves no cluster.
/// </summary>
internal static class SettingValues
{
    /// <param name="known">Problems that were found before. A setting that one of them begins with is not reported again.</param>
    public static IEnumerable<string> FindProblems(
        IConfiguration configuration, IReadOnlyList<BankModule> modules, IReadOnlyCollection<string> known)
    {
        Action<IConfiguration>[] readers =
        [
            BankDatabase.CheckConnections,
            c => ConnectionBudget.FromConfiguration(c),
            c => BackupOptions.Read(c),
            c => ArchiveOptions.Read(c),
            c => EventSettings.Of(c),
            c => IdempotencySettings.Of(c),
            c => EventStreamSettings.Of(c),
            c => RateLimits.ReadSettings(c),
            c => ApiDocs.ReadServers(c),
            c => ReadSentinel(c),
            .. modules.SelectMany(m => m.SettingReaders),
        ];
        var reported = known.Select(FirstWord).ToHashSet();
        return readers.SelectMany(read => FindProblems(read, configuration)).Distinct().Where(p => !reported.Contains(FirstWord(p)));
    }

    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    public static SentinelSettings ReadSentinel(IConfiguration configuration)
    {
        var settings = configuration.GetSection("Banking:Sentinel").Get<SentinelSettings>() ?? new();
        return settings.Wrong is { } sentence ? throw new ConfigurationException($"Banking:Sentinel: {sentence}") : settings;
    }

    private static string[] FindProblems(Action<IConfiguration> read, IConfiguration configuration)
    {
        try
        {
            read(configuration);
            return [];
        }
        catch (Exception wrong) when (wrong is ConfigurationException or FormatException)
        {
            return wrong.Message.Split(Environment.NewLine);
        }
        catch (InvalidOperationException)
        {
            // A value of the wrong type cannot be bound; KnownSettings reports it.
            return [];
        }
    }

    private static string FirstWord(string sentence) => sentence.Split(' ')[0];
}
