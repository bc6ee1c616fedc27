using System.CommandLine;
using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>
/// <c>migrate</c>: brings the schema up to date as the owner and grants the host's role its rights, so that hosts need not know the owner's
/// password. Exit code 0: current; 2: nothing was done.
/// </summary>
internal static class MigrateCommand
{
    public static Command Create(string[] settings)
    {
        var command = new Command("migrate", "brings the schema up to date as its owner, so that hosts need their own role only");
        command.SetAction(_ => RunAsync(settings));
        return command;
    }

    private static async Task<int> RunAsync(string[] settings)
    {
        var configuration = CommonOptions.Configuration(settings);
        foreach (var name in (string[])[BankDatabase.Name, BankDatabase.OwnerName])
        {
            if (string.IsNullOrWhiteSpace(configuration.GetConnectionString(name)))
            {
                throw new ConfigurationException(
                    $"migrate needs ConnectionStrings:{BankDatabase.Name} of the host's role and ConnectionStrings:{BankDatabase.OwnerName} of the role that migrates."
                );
            }
        }

        await using var database = await BankDatabase.OpenAsync(configuration, fresh: false, _ => { });
        // The whole host, never started: its messages have tables too. Who issues tokens and where a host listens is no matter of the
        // schema; what the roles are is, as in the environment that the hosts will have.
        string[] unserved = ["--environment", Environments.Development, .. settings, $"--{StartupRules.RemoteDevelopment}=true"];
        var builder = BankHost.CreateBuilder(unserved, database.Connections);
        builder.Services.AddDatabaseRules(StartupRules.IsDevelopment(StartupRules.EnvironmentOf(null)));
        await using var app = builder.Build();
        await BankSchema.PrepareAsync(app.Services);
        Console.WriteLine("The schema is current.");
        return 0;
    }
}
