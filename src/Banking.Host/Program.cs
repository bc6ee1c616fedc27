using Banking.EmbeddedPostgres;
using Banking.EventStore.Log;
using Banking.Host;
using Banking.Host.Commands;

try
{
    return await CommandLine.RunAsync(args);
}
catch (Exception refused) when (refused is PostgresUnavailableException or ConfigurationException)
{
    // The message tells the operator what to do. Any other exception is a bug and keeps its stack trace.
    await Console.Error.WriteLineAsync(refused.Message);
    return 2;
}
catch (UnreadableEventException unreadable)
{
    // Not a bug either: the log holds an event that this version of the bank cannot read.
    await Console.Error.WriteLineAsync(unreadable.Message);
    return 1;
}
