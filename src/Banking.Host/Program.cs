using Banking.EmbeddedPostgres;
using Banking.Host.Commands;
using Banking.Host.Hosting;
using Banking.Platform.Following;

try
{
    return await CommandLine.RunAsync(args);
}
catch (Exception refused) when (refused is PostgresUnavailableException or ConfigurationException)
{
    // Said for people, with what to do; anything else is a failure of the program and says where.
    await Console.Error.WriteLineAsync(refused.Message);
    return 2;
}
catch (UnreadableEventException unreadable)
{
    // Not a failure of the program either: the log holds what this version of the bank cannot read.
    await Console.Error.WriteLineAsync(unreadable.Message);
    return 1;
}
