using System.CommandLine;
using System.Globalization;
using Banking.EventStore.Callers;
using Banking.Host.Hosting;
using Banking.Host.Security;

namespace Banking.Host.Commands;

/// <summary>Serves the bank until it is stopped.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://localhost:5080";

    /// <summary>Makes serving the program's action when no command is given.</summary>
    public static void Configure(RootCommand root, string[] settings)
    {
        var (environment, fresh, yes) = (CommonOptions.Environment(), CommonOptions.Fresh(), CommonOptions.Yes());
        var noDemo = new Option<bool>("--no-demo") { Description = "serves without the demo bank" };
        var urls = new Option<string>("--urls") { Description = $"addresses to listen on (default {DefaultUrl})", HelpName = "URLS" };
        foreach (var option in (Option[])[urls, environment, noDemo, fresh, yes])
        {
            root.Options.Add(option);
        }

        root.SetAction(parsed =>
        {
            var served = StartupChecks.ResolveEnvironment(parsed.GetValue(environment));
            var all = CommonOptions.AddOptions(settings, ("urls", parsed.GetValue(urls)), ("environment", served));
            var configuration = CommonOptions.ReadConfiguration(all);
            if (parsed.GetValue(fresh))
            {
                FreshStart.Confirm(configuration, served, parsed.GetValue(yes));
            }

            StartupChecks.CheckDatabase(configuration, served);
            return RunAsync(all, configuration, parsed.GetValue(fresh), !parsed.GetValue(noDemo));
        });
    }

    private static async Task<int> RunAsync(string[] settings, IConfiguration configuration, bool fresh, bool demo)
    {
        await using var database = await BankDatabase.OpenAsync(configuration, fresh, line => Print("PostgreSQL", line));
        var builder = BankHost.CreateBuilder(settings, database.Connections);
        if (!HasAddress(builder.Configuration))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        if (demo && builder.Environment.IsDevelopment())
        {
            DemoBank.AllowBackdating(builder.Configuration);
        }

        await using var app = builder.Build();
        app.Configure();
        // Check the database before the host starts, so that an unsuitable one ends in one sentence instead of a host's failure log.
        await app.Services.GetRequiredService<BankSchema>().EnsurePreparedAsync();
        await app.StartAsync();
        Print("PostgreSQL", database.Description);
        if (demo && app.Environment.IsDevelopment())
        {
            Print("Demo bank", await DemoBank.EnsureCreatedAsync(app.Services));
        }

        Announce(app);
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static void Announce(WebApplication app)
    {
        var address = app.Urls.FirstOrDefault() ?? DefaultUrl;
        Print("Address", address);
        Print("API docs", address + "/docs");
        if (app.Services.GetService<DevTokens>() is { } tokens)
        {
            var token = tokens.Issue(Roles.Teller, null, null, app.Services.GetRequiredService<TimeProvider>().GetUtcNow());
            Print("Token", $"a teller's token, valid for an hour; POST {address}/dev/token issues more");
            Console.WriteLine($"\nexport TOKEN={token}\n");
            Print("Try", "transfer money, and read a past balance:");
            var past = DemoBank.Tuesday.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            Console.WriteLine($$"""

                curl -s {{address}}/v1/transfers -H "Authorization: Bearer $TOKEN" \
                  -H "Idempotency-Key: $(date +%s)" -H "Content-Type: application/json" \
                  -d '{"fromAccountId":"{{DemoBank.Ada}}","toAccountId":"{{DemoBank.Ben}}",
                       "amount":{"value":"12.50","currency":"EUR"},"reason":"lunch"}'

                curl -s "{{address}}/v1/accounts/{{DemoBank.Ada}}/balance?effectiveAt={{past}}" -H "Authorization: Bearer $TOKEN"

                """
            );
        }

        Print("Stop", "Ctrl+C. The data stays; a start with --fresh deletes it");
    }

    private static bool HasAddress(ConfigurationManager configuration) =>
        new[] { "urls", "http_ports", "https_ports" }.Any(k => !string.IsNullOrEmpty(configuration[k]))
        || configuration.GetSection("Kestrel:Endpoints").Exists();

    private static void Print(string label, string text) => Console.WriteLine($"{label,-12} {text}");
}
