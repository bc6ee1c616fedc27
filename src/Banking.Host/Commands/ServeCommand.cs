using System.Globalization;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Platform.Security;

namespace Banking.Host.Commands;

/// <summary>Serves the bank until it is stopped.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://localhost:5080";

    public static async Task<int> RunAsync(string[] args)
    {
        var fresh = args.Contains("--fresh");
        var demo = !args.Contains("--no-demo");
        string[] settings = [.. args.Where(a => a is not ("--fresh" or "--no-demo"))];

        await using var database = await BankDatabase.OpenAsync(Configuration(settings), fresh, line => Say("PostgreSQL", line));
        var builder = BankHost.CreateBuilder(settings, database.ConnectionString);
        if (!HasAddress(builder.Configuration))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        await using var app = builder.Build();
        app.Configure();
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

                curl -s "{{address}}/v1/accounts/{{DemoBank.Ada}}/balance?effectiveAt={{DemoBank.Tuesday.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}" -H "Authorization: Bearer $TOKEN"

                """);
        }

        Say("Stop", "Ctrl+C; what is in the bank stays, --fresh begins anew");
    }

    internal static IConfigurationRoot Configuration(string[] args) => new ConfigurationBuilder()
        .AddEnvironmentVariables()
        .AddCommandLine(args)
        .Build();

    private static bool HasAddress(ConfigurationManager configuration) =>
        new[] { "urls", "http_ports", "https_ports" }.Any(k => !string.IsNullOrEmpty(configuration[k]))
        || configuration.GetSection("Kestrel:Endpoints").Exists();

    private static void Say(string what, string text) => Console.WriteLine($"{what,-12} {text}");
}
