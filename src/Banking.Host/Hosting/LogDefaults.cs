namespace Banking.Host.Hosting;

/// <summary>What is worth a line by default. Any Logging:LogLevel setting of the user comes after these and wins.</summary>
internal static class LogDefaults
{
    public static void AddQuietDefaults(this ILoggingBuilder logging)
    {
        foreach (
            var chatty in (string[])
                ["Microsoft.AspNetCore", "Wolverine", "Marten", "JasperFx", "Weasel", "Npgsql", "Microsoft.Hosting.Lifetime"])
        {
            logging.AddFilter(chatty, LogLevel.Warning);
        }

        // What fails in the store is also thrown, and logged or answered by the caller. A full disk would add a stack trace for each
        // command.
        logging.AddFilter("Marten.IDocumentStore", LogLevel.None);

        // Keys of the data protection system: nothing in this bank is protected by it, so that they are kept unencrypted says nothing.
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    }
}
