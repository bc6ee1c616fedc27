using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>Permission to delete a private cluster: in Development only, and only after a confirmation.</summary>
internal static class FreshStart
{
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
