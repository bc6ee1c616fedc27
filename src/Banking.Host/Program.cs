using Banking.EmbeddedPostgres;
using Banking.Host.Commands;
using Banking.Host.Hosting;

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
