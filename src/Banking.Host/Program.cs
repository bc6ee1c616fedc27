using Banking.EmbeddedPostgres;
using Banking.Host.Commands;

try
{
    return await CommandLine.RunAsync(args);
}
catch (PostgresUnavailableException unavailable)
{
    await Console.Error.WriteLineAsync(unavailable.Message);
    return 2;
}
