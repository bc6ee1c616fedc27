using System.CommandLine;
using Banking.EventStore.Callers;
using Banking.Host.Backups;
using Banking.Host.Demo;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>Serves the bank until it is stopped.</summary>
internal static class ServeCommand
{
    /// <summary>Makes serving the program's action when no command is given.</summary>
    public static void Configure(RootCommand root, string[] settings)
    {
        var (environment, fresh, yes) = (CommonOptions.Environment(), CommonOptions.Fresh(), CommonOptions.Yes());
        var noDemo = new Option<bool>("--no-demo") { Description = "serves without the demo bank" };
        var urls = new Option<string>("--urls")
        {
            Description = $"addresses to listen on (default {ListenAddresses.Default})",
            HelpName = "URLS",
        };
        foreach (var option in (Option[])[urls, environment, noDemo, fresh, yes])
        {
            root.Options.Add(option);
        }

        root.SetAction(parsed =>
        {
            var served = StartupChecks.ResolveEnvironment(parsed.GetValue(environment));
            var all = CommonOptions.AddOptions(settings, ("urls", parsed.GetValue(urls)), ("environment", served));
            var configuration = CommonOptions.BuildConfiguration(all);
            if (parsed.GetValue(fresh))
            {
                FreshStart.Confirm(configuration, served, parsed.GetValue(yes));
            }

            var problems = KnownSettings.FindProblems(configuration, BankModules.All).ToList();
            SettingRules.ThrowIfAny(problems
                .Concat(SettingValues.FindProblems(configuration, BankModules.All, problems))
                .Concat(StartupChecks.FindDatabaseProblems(configuration, served))
                .Concat(StartupChecks.FindProblems(configuration, StartupChecks.IsDevelopment(served)))
                .Concat(ListenAddresses.FindObstacles(configuration)));

            // Commands by message would be recorded in the past while the demo bank is made.
            var takesMessages = configuration.GetSection("Banking:Incoming").GetChildren().Any();
            var wantsDemo = !parsed.GetValue(noDemo) && !takesMessages && StartupChecks.IsDevelopment(served);
            var clock = wantsDemo ? new DemoClock() : null;
            return RunAsync(all, configuration, parsed.GetValue(fresh), clock);
        });
    }

    /// <param name="demo">The clock under which the demo bank is made; null serves without it.</param>
    private static async Task<int> RunAsync(string[] settings, IConfiguration configuration, bool fresh, DemoClock? demo)
    {
        var backupOptions = BackupOptions.Read(configuration);
        if (fresh)
        {
            FreshStart.CheckSettings(configuration, BankHost.CreateBuilder(settings, FreshStart.NoDatabase).Services);
        }

        await using var database = await BankDatabase.OpenAsync(configuration, fresh, line => Print("PostgreSQL", line));
        var builder = BankHost.CreateBuilder(settings, database.Connections, demo, dataFolder: database.DataFolder);
        if (!ListenAddresses.AreSet(builder.Configuration))
        {
            builder.WebHost.UseUrls(ListenAddresses.Default);
        }

        ServedBackups.Add(builder, database, backupOptions);
        await using var app = builder.Build();
        if (demo is not null)
        {
            app.Use(demo.Middleware);
        }

        app.Configure();
        LogStart(app);
        app.Services.GetService<KeyRingFolder>()?.Require();
        // Check the database before the host starts, so that an unsuitable one ends in one sentence instead of a host's failure log.
        await app.Services.GetRequiredService<BankSchema>().EnsurePreparedAsync();
        await ServedBackups.StartAsync(app.Services, database);
        await StartAsync(app);
        Print("PostgreSQL", database.Description);
        DemoFacts? facts = null;
        if (demo is not null)
        {
            Print("Demo bank", await DemoBank.EnsureCreatedAsync(app.Services, demo));
            facts = await DemoBank.FindAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), default);
        }

        Announce(app, facts?.DoubleSalary);
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>Names the settings that are set, and no values, because some are secrets.</summary>
    private static void LogStart(WebApplication app)
    {
        var names = app.Configuration.GetSection("Banking").AsEnumerable()
            .Concat(app.Configuration.GetSection("ConnectionStrings").AsEnumerable())
            .Where(s => !string.IsNullOrEmpty(s.Value)).Select(s => s.Key).Order(StringComparer.Ordinal).ToList();
        var settings = names.Count == 0 ? "none" : string.Join(", ", names);
        var (version, environment) = (Telemetry.Version, app.Environment.EnvironmentName);
        app.Logger.LogInformation("Banking {Version} starts in {Environment}. Settings: {Settings}", version, environment, settings);
    }

    /// <exception cref="ConfigurationException">The web server cannot listen as its settings say, for instance without a
    /// certificate.</exception>
    private static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception refused)
            when (refused is IOException or InvalidOperationException && refused.Source == "Microsoft.AspNetCore.Server.Kestrel.Core")
        {
            throw new ConfigurationException($"The host cannot listen: {refused.Message}");
        }
    }

    /// <param name="doubleSalary">The public id of a deposit of the demo bank; null without it.</param>
    private static void Announce(WebApplication app, string? doubleSalary)
    {
        var address = app.Urls.FirstOrDefault() ?? ListenAddresses.Default;
        Print("Address", address);
        Print("API docs", address + "/docs");
        if (app.Services.GetService<DevTokens>() is { } tokens)
        {
            var now = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
            Print("Tokens", $"a teller's and an operator's, valid for an hour; POST {address}/dev/token issues more");
            Console.WriteLine($"\nexport TOKEN={tokens.Issue(Roles.Teller, null, null, now)}");
            Console.WriteLine($"export OPERATOR={tokens.Issue(Roles.Operator, null, null, now)}\n");
        }

        if (doubleSalary is not null)
        {
            PrintQuestions(address, doubleSalary);
        }

        var canDelete = app.Environment.IsDevelopment() && string.IsNullOrEmpty(app.Configuration.GetConnectionString(BankDatabase.Name));
        Print("Stop", "Ctrl+C. The data stays" + (canDelete ? "; a start with --fresh deletes it" : ""));
    }

    private static void PrintQuestions(string address, string doubleSalary)
    {
        Print("Try", "move money:");
        Console.WriteLine($"\n{DemoQuestions.Transfer(address)}\n");
        foreach (var question in DemoQuestions.Create(address, doubleSalary))
        {
            Print("Ask", question.Text);
            Console.WriteLine($"\n{question.Command}\n");
            Console.WriteLine($"{question.Answer}.\n");
        }
    }

    private static void Print(string label, string text) => Console.WriteLine($"{label,-12} {text}");
}
