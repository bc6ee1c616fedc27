using System.CommandLine;
using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>
/// <c>migrate</c>: migrates the schema as its owner and grants the host's role its rights, so that hosts need no owner password. Exit
/// code 0: the schema is current; 2: nothing was done.
/// </summary>
internal static class MigrateCommand
{
    public static Command Create(string[] settings)
    {
        var command = new Command("migrate", "migrates the schema as its owner, so that hosts need their own role only");
        command.SetAction(_ => RunAsync(settings));
        return command;
    }

    private static async Task<int> RunAsync(string[] settings)
    {
        var configuration = CommonOptions.ReadConfiguration(settings);
        foreach (var name in (string[])[BankDatabase.Name, BankDatabase.OwnerName])
        {
            if (string.IsNullOrWhiteSpace(configuration.GetConnectionString(name)))
            {
                throw new ConfigurationException(
                    $"migrate needs ConnectionStrings:{BankDatabase.Name} with the host's role and "
                        + $"ConnectionStrings:{BankDatabase.OwnerName} with the role that owns the schema.");
            }
        }

        await using var database = await BankDatabase.OpenAsync(configuration, fresh: false, _ => { });
        // Build the whole host without starting it, because its messages have tables too. The Development environment needs neither a
        // token issuer nor certain addresses, which do not concern the schema. The roles are checked as in the environment of the hosts.
        string[] unserved = ["--environment", Environments.Development, .. settings, $"--{StartupChecks.RemoteDevelopment}=true"];
        var builder = BankHost.CreateBuilder(unserved, database.Connections);
        builder.Services.AddDatabaseChecks(StartupChecks.IsDevelopment(StartupChecks.ResolveEnvironment(null)));
        await using var app = builder.Build();
        await BankSchema.PrepareAsync(app.Services, isMigration: true);
        Console.WriteLine("The schema is current.");
        return 0;
    }
}
