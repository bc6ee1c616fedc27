using Banking.Host.Database;
using Banking.Host.Hosting;
using Banking.Host.Security;

namespace Banking.Host.Commands;

/// <summary>Permission to delete a private cluster: in Development only, and only after a confirmation.</summary>
internal static class FreshStart
{
    /// <summary>Connections of services that only read settings.</summary>
    public static BankConnections NoDatabase { get; } = new("Host=none;Database=none");

    /// <summary>
    /// Checks what else would end the start after the bank was deleted: a wrong start must do nothing. Whoever made the services has read
    /// all settings.
    /// </summary>
    /// <param name="planned">The services of the start, without its database.</param>
    /// <exception cref="ConfigurationException">The folder of the key ring does not exist.</exception>
    public static void CheckSettings(IConfiguration configuration, IServiceCollection planned)
    {
        if (planned.Any(s => s.ServiceType == typeof(KeyRingFolder)))
        {
            KeyRingFolder.Find(configuration, SettingRules.DataFolder(configuration)).Require();
        }
    }

    /// <exception cref="ConfigurationException">The cluster must not be deleted, or the user did not confirm.</exception>
    public static void Confirm(IConfiguration configuration, string environment, bool confirmed)
    {
        if (!StartupChecks.IsDevelopment(environment))
        {
            throw new ConfigurationException("--fresh deletes all data and exists in Development only. Nothing was done.");
        }

        if (!string.IsNullOrEmpty(configuration.GetConnectionString(BankDatabase.Name)))
        {
            throw new ConfigurationException(
                $"--fresh deletes the private cluster, but ConnectionStrings:{BankDatabase.Name} names another database. Nothing was done."
            );
        }

        var folder = SettingRules.DataFolder(configuration);
        if (confirmed
            || (Directory.Exists(BankDatabase.Folder(configuration))
                && Confirmation.AskAtTerminal($"Delete the bank in {folder}, its key ring and its backups?")))
        {
            return;
        }

        throw new ConfigurationException(
            $"--fresh deletes the bank in {folder}, its key ring and its backups: add --yes to confirm. Nothing was done.");
    }
}
