using System.CommandLine;
using System.Globalization;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Platform.Security;

namespace Banking.Host.Commands;

/// <summary>Serves the bank until it is stopped.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://localhost:5080";

    /// <summary>What the program does without a command.</summary>
    public static void Configure(RootCommand root, string[] settings)
    {
        var (environment, fresh, yes) = (CommonOptions.Environment(), CommonOptions.Fresh(), CommonOptions.Yes());
        var noDemo = new Option<bool>("--no-demo") { Description = "serves without the demo bank" };
        var urls = new Option<string>("--urls") { Description = $"where to listen (default {DefaultUrl})", HelpName = "URLS" };
        foreach (var option in (Option[])[urls, environment, noDemo, fresh, yes])
        {
            root.Options.Add(option);
        }

        root.SetAction(parsed =>
        {
            var served = StartupRules.EnvironmentOf(parsed.GetValue(environment));
            var all = CommonOptions.With(settings, ("urls", parsed.GetValue(urls)), ("environment", served));
            var configuration = CommonOptions.Configuration(all);
            if (parsed.GetValue(fresh))
            {
                FreshStart.Confirm(configuration, served, parsed.GetValue(yes));
            }

            StartupRules.CheckDatabase(configuration, served);
            return RunAsync(all, configuration, parsed.GetValue(fresh), !parsed.GetValue(noDemo));
        });
    }

    private static async Task<int> RunAsync(string[] settings, IConfiguration configuration, bool fresh, bool demo)
    {
        await using var database = await BankDatabase.OpenAsync(configuration, fresh, line => Say("PostgreSQL", line));
        var builder = BankHost.CreateBuilder(settings, database.Connections);
        if (!HasAddress(builder.Configuration))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        if (demo && builder.Environment.IsDevelopment())
        {
            DemoBank.AllowItsHistory(builder.Configuration);
        }

        await using var app = builder.Build();
        app.Configure();
        // Before anything starts: a database that will not do is said in a sentence, without the log of a host that failed.
        await app.Services.GetRequiredService<BankSchema>().PreparedAsync();
        await app.StartAsync();
        Say("PostgreSQL", database.Description);
        if (demo && app.Environment.IsDevelopment())
        {
            Say("Demo bank", await DemoBank.OpenAsync(app.Services));
        }

        Announce(app);
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static void Announce(WebApplication app)
    {
        var address = app.Urls.FirstOrDefault() ?? DefaultUrl;
        Say("Address", address);
        Say("API docs", address + "/docs");
        if (app.Services.GetService<DevTokens>() is { } tokens)
        {
            var token = tokens.Issue(Roles.Teller, null, null, app.Services.GetRequiredService<TimeProvider>().GetUtcNow());
            Say("Token", $"a teller's, for an hour; more from POST {address}/dev/token");
            Console.WriteLine($"\nexport TOKEN={token}\n");
            Say("Try", "pay from one account to another, and ask for the past:");
            Console.WriteLine($$"""

                curl -s {{address}}/v1/transfers -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $(date +%s)" -H "Content-Type: application/json" \
                  -d '{"fromAccountId":"{{DemoBank.Ada}}","toAccountId":"{{DemoBank.Ben}}","amount":{"value":"12.50","currency":"EUR"},"reason":"lunch"}'

                curl -s "{{address}}/v1/accounts/{{DemoBank.Ada}}/balance?effectiveAt={{DemoBank.Tuesday.ToString(
                    "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}" -H "Authorization: Bearer $TOKEN"

                """
            );
        }

        Say("Stop", "Ctrl+C; the data stays; --fresh deletes it first");
    }

    private static bool HasAddress(ConfigurationManager configuration) =>
        new[] { "urls", "http_ports", "https_ports" }.Any(k => !string.IsNullOrEmpty(configuration[k]))
        || configuration.GetSection("Kestrel:Endpoints").Exists();

    private static void Say(string what, string text) => Console.WriteLine($"{what,-12} {text}");
}
