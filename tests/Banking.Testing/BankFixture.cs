using Alba;
using Banking.Host;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Web;
using Marten;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace Banking.Testing;

/// <summary>The whole bank in this process, on a database of its own: what the host serves, through the host's own composition.</summary>
public class BankFixture : IAsyncLifetime
{
    private static readonly SemaphoreSlim TemplateGate = new(1, 1);
    private static string? _template;

    private string _connectionString = "";

    /// <summary>
    /// The clock of this bank. It starts at a Tuesday and moves only when told to, or by a microsecond with each reading.
    /// </summary>
    public TestClock Clock { get; } = new();

    public IAlbaHost Host { get; private set; } = null!;

    public IDocumentStore Store => Host.Services.GetRequiredService<IDocumentStore>();

    /// <summary>As the host's role: what it may not do, a test may not either.</summary>
    public NpgsqlDataSource Database => Host.Services.GetRequiredService<NpgsqlDataSource>();

    /// <summary>As the role that owns the schema: for planting and forging what the host's role is kept from.</summary>
    public NpgsqlDataSource Owner { get; private set; } = null!;

    public string ConnectionString => _connectionString;

    /// <summary>
    /// Settings of the host, as on its command line. A sentinel that looks by itself would meet what tests do to read models on purpose.
    /// </summary>
    protected virtual string[] Settings => ["--Banking:Sentinel:IntervalSeconds", "3600"];

    /// <summary>The product's modules, unless a test adds one of its own.</summary>
    protected virtual IReadOnlyList<BankModule> Modules => BankModules.All;

    /// <summary>What a test adds to the host.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    /// <summary>The database that this bank starts with a copy of. Without one it starts with the schema and nothing in it.</summary>
    public string? Template { get; init; }

    /// <summary>A database with the schema of the bank and nothing in it, named as the host's role sees it.</summary>
    public static async Task<string> NewDatabaseAsync() => await TestCluster.NewDatabaseAsync(await TemplateAsync());

    public async ValueTask InitializeAsync()
    {
        _connectionString = await TestCluster.NewDatabaseAsync(Template ?? await TemplateAsync());
        Owner = NpgsqlDataSource.Create(TestCluster.Owner(_connectionString));
        Host = await StartAnotherAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Owner.DisposeAsync();
        await TestCluster.DropAsync(_connectionString);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops the host and leaves the database, by whose name other banks start with copies of it.</summary>
    public async Task<string> LeaveDatabaseAsync()
    {
        await Host.DisposeAsync();
        await Owner.DisposeAsync();
        return new NpgsqlConnectionStringBuilder(_connectionString).Database!;
    }

    /// <summary>A second host on the same database, as a second node of the same bank.</summary>
    public Task<IAlbaHost> StartAnotherAsync() => StartHostAsync(_connectionString, Clock, Settings, Modules, Configure);

    /// <summary>A client with a token of that role.</summary>
    public BankClient As(string role, string? customer = null) => new(Host.Server.CreateClient(), Token(role, customer));

    /// <summary>A client without a token.</summary>
    public BankClient Anonymous() => new(Host.Server.CreateClient(), null);

    /// <summary>A client with any token, however made.</summary>
    public BankClient WithToken(string? token) => new(Host.Server.CreateClient(), token);

    /// <summary>A client of another host on the same database.</summary>
    public static BankClient On(IAlbaHost host, string role) => new(host.Server.CreateClient(), Token(host, role, null));

    public string Token(string role, string? customer = null) => Token(Host, role, customer);

    private static string Token(IAlbaHost host, string role, string? customer) =>
        // Tokens live by the clock on the wall: the framework that checks them knows no other.
        host.Services.GetRequiredService<DevTokens>().Issue(role, customer, null, TimeProvider.System.GetUtcNow());

    private static async Task<IAlbaHost> StartHostAsync(
        string connectionString,
        TimeProvider clock,
        string[] settings,
        IReadOnlyList<BankModule> modules,
        Action<IServiceCollection> configure)
    {
        var builder = BankHost.CreateBuilder(
            ["--environment", "Development", .. settings], new(connectionString, TestCluster.Owner(connectionString)), clock, modules);
        configure(builder.Services);
        builder.WebHost.UseTestServer();
        // That server has no limit for bodies which the routes could raise, and says so each time.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Routing.EndpointRoutingMiddleware", LogLevel.Error);
        return await AlbaHost.For(builder, app => app.Configure());
    }

    /// <summary>The schema is made once; every database of this run is a copy of it.</summary>
    private static async Task<string> TemplateAsync()
    {
        await TemplateGate.WaitAsync();
        try
        {
            if (_template is null)
            {
                var connectionString = await TestCluster.NewDatabaseAsync();
                await using (await StartHostAsync(connectionString, TimeProvider.System, [], BankModules.All, _ => { }))
                {
                }

                NpgsqlConnection.ClearAllPools();
                _template = new NpgsqlConnectionStringBuilder(connectionString).Database!;
            }

            return _template;
        }
        finally
        {
            TemplateGate.Release();
        }
    }
}
