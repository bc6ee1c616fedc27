using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>Whether a private cluster may be deleted: in Development only, and never by a slip of the pen.</summary>
internal static class FreshStart
{
    /// <exception cref="ConfigurationException">It may not, or nobody confirmed it.</exception>
    public static void Confirm(IConfiguration configuration, string environment, bool confirmed)
    {
        if (!StartupRules.IsDevelopment(environment))
        {
            throw new ConfigurationException("--fresh deletes all data and exists in Development only. Nothing was done.");
        }

        if (!string.IsNullOrEmpty(configuration.GetConnectionString(BankDatabase.Name)))
        {
            throw new ConfigurationException(
                $"--fresh deletes the private cluster, and ConnectionStrings:{BankDatabase.Name} names another database. Nothing was done."
            );
        }

        var folder = BankDatabase.Folder(configuration);
        if (confirmed || (Directory.Exists(folder) && Asked(folder)))
        {
            return;
        }

        throw new ConfigurationException($"--fresh deletes all data in {folder}: add --yes to confirm. Nothing was done.");
    }

    private static bool Asked(string folder)
    {
        if (Console.IsInputRedirected)
        {
            return false;
        }

        Console.Write($"Delete all data in {folder}? Type yes to confirm: ");
        return Console.ReadLine()?.Trim() == "yes";
    }
}
