using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Testing;
using Banking.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Banking.Host.Tests.Identity;

/// <summary>
/// The authentication of the host alone, registered as the host registers it, without a database. It answers who the caller is.
/// </summary>
internal sealed class IdentityHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private IdentityHost(WebApplication app, LogLines log, FakeTimeProvider clock) => (_app, Log, Clock) = (app, log, clock);

    /// <summary>Everything that is logged, at every level.</summary>
    public LogLines Log { get; }

    public FakeTimeProvider Clock { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<IdentityHost> StartAsync(IReadOnlyDictionary<string, string?> settings, string? environment = null)
    {
        var (log, clock) = (new LogLines(), new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = environment ?? Environments.Production });
        builder.Configuration.AddInMemoryCollection(settings);
        SettingRules.ThrowIfAny(KnownSettings.FindProblems(builder.Configuration, BankModules.All)
            .Concat(StartupChecks.FindProblems(builder.Configuration, builder.Environment.IsDevelopment())));
        builder.AddBankSecurity(clock: clock);
        builder.Services.AddSingleton<TimeProvider>(clock).AddSingleton<HealthReports>().AddHealthChecks().AddIssuer(builder.Services);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(log);
        builder.WebHost.UseTestServer();
        var app = builder.Build();
        app.UseStatusCodePages(StatusCodeProblems.WriteAsync);
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/caller", DescribeCaller).RequireAuthorization(Policies.Read);
        app.MapGet("/books", DescribeCaller).RequireAuthorization(Policies.ReadBooks);
        app.MapHealth();
        await app.StartAsync();
        return new(app, log, clock);
    }

    public BankClient With(string? token) => new(_app.GetTestClient(), token);

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string DescribeCaller(HttpContext http) => string.Join(
        " | ",
        ((string?[])[
            http.Caller().Actor, http.Caller().Role, http.Caller().CustomerId?.ToString("N"), http.User.FindFirst(Claims.Name)?.Value,
        ]).OfType<string>());
}
