namespace Banking.Host.Hosting;

/// <summary>Default log levels. A Logging:LogLevel setting of the user overrides them.</summary>
internal static class LoggingDefaults
{
    public static void AddBankDefaults(this ILoggingBuilder logging)
    {
        foreach (
            var category in (string[])
                ["Microsoft.AspNetCore", "Wolverine", "Marten", "JasperFx", "Weasel", "Npgsql", "Microsoft.Hosting.Lifetime"])
        {
            logging.AddFilter(category, LogLevel.Warning);
        }

        // The store also throws its failures, and the caller logs or answers them. With a full disk the store would log a stack trace for
        // each command.
        logging.AddFilter("Marten.IDocumentStore", LogLevel.None);

        // A line for each probe. HealthReports logs when a check changes its status.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        // Warnings about the key ring of ASP.NET Core itself, which the bank does not use (it has its own: KeyRing).
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    }
}
