using Alba;
using Banking.Host;
using Banking.Host.Database;
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

/// <summary>The whole bank in the test process, composed as the host composes it, on its own database.</summary>
public class BankFixture : IAsyncLifetime
{
    private static readonly SemaphoreSlim TemplateGate = new(1, 1);
    private static string? _template;

    private string _connectionString = "";

    /// <summary>
    /// The clock of this bank. It starts on a Tuesday and changes only when a test advances or sets it.
    /// </summary>
    public TestClock Clock { get; } = new();

    public IAlbaHost Host { get; private set; } = null!;

    public IDocumentStore Store => Host.Services.GetRequiredService<IDocumentStore>();

    /// <summary>Connects as the host's role: a test has the rights of a host and no others.</summary>
    public NpgsqlDataSource Database => Host.Services.GetRequiredService<NpgsqlDataSource>();

    /// <summary>Connects as the schema owner: for forging rows that the host's role has no right to change.</summary>
    public NpgsqlDataSource Owner { get; private set; } = null!;

    public string ConnectionString => _connectionString;

    /// <summary>Settings of a bank that may deliver to webhooks on this machine.</summary>
    protected static IReadOnlyList<string> LocalWebhooks { get; } =
    [
        "--Banking:Publishing:Webhooks:AllowInsecure", "true", "--Banking:Publishing:Webhooks:AllowPrivateAddresses", "true",
    ];

    /// <summary>
    /// Settings of the host, as on its command line. The sentinel runs only hourly, because it would report the damage that tests plant.
    /// </summary>
    protected virtual string[] Settings => ["--Banking:Sentinel:IntervalSeconds", "3600"];

    /// <summary>The modules of the bank. A test may override this to add its own module.</summary>
    protected virtual IReadOnlyList<BankModule> Modules => BankModules.All;

    /// <summary>Adds services of a test to the host.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    /// <summary>The database to copy for this bank. By default the bank starts with the schema and no data.</summary>
    public string? Template { get; init; }

    /// <summary>Creates a database with the schema of the bank and no data, and returns the connection string of the host's role.</summary>
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

    /// <summary>Stops the host, keeps its database, and returns the database name, for use as the template of other banks.</summary>
    public async Task<string> LeaveDatabaseAsync()
    {
        await Host.DisposeAsync();
        await Owner.DisposeAsync();
        return new NpgsqlConnectionStringBuilder(_connectionString).Database!;
    }

    /// <summary>Starts another host on the same database, as a second node of the bank.</summary>
    public Task<IAlbaHost> StartAnotherAsync() =>
        StartHostAsync(new(_connectionString, TestCluster.Owner(_connectionString)), Clock, Settings, Modules, Configure);

    /// <summary>Starts a host of the product in the test process on any database, by the system's clock.</summary>
    /// <param name="isOwner">Whether the host has the connection string of the schema owner too.</param>
    public static Task<IAlbaHost> StartOnAsync(string connectionString, bool isOwner = true, params string[] settings) =>
        StartHostAsync(
            new(connectionString, isOwner ? TestCluster.Owner(connectionString) : null), TimeProvider.System, settings, BankModules.All,
            _ => { });

    /// <summary>A client with a token of the role.</summary>
    public BankClient As(string role, string? customer = null) => new(Host.Server.CreateClient(), Token(role, customer));

    /// <summary>A client without a token.</summary>
    public BankClient Anonymous() => new(Host.Server.CreateClient(), null);

    /// <summary>A client with the given token, valid or not.</summary>
    public BankClient WithToken(string? token) => new(Host.Server.CreateClient(), token);

    /// <summary>A client of another host on the same database.</summary>
    public static BankClient On(IAlbaHost host, string role) => new(host.Server.CreateClient(), Token(host, role, null));

    public string Token(string role, string? customer = null) => Token(Host, role, customer);

    private static string Token(IAlbaHost host, string role, string? customer) =>
        // Tokens use the system clock, because the framework validates them by it.
        host.Services.GetRequiredService<DevTokens>().Issue(role, customer, null, TimeProvider.System.GetUtcNow());

    private static async Task<IAlbaHost> StartHostAsync(
        BankConnections connections,
        TimeProvider clock,
        string[] settings,
        IReadOnlyList<BankModule> modules,
        Action<IServiceCollection> configure)
    {
        var builder = BankHost.CreateBuilder(
            ["--environment", "Development", .. settings], connections, clock, modules);
        configure(builder.Services);
        builder.WebHost.UseTestServer();
        // The test server does not support the body size limits of our routes and would log a warning for each request.
        builder.Services.AddSingleton<ILoggerProvider>(new HostErrors());
        builder.Logging.AddFilter("Microsoft.AspNetCore.Routing.EndpointRoutingMiddleware", LogLevel.Error);
        return await AlbaHost.For(builder, app => app.Configure());
    }

    /// <summary>Creates the schema once per run. Every other database is a copy of this template.</summary>
    private static async Task<string> TemplateAsync()
    {
        await TemplateGate.WaitAsync();
        try
        {
            if (_template is null)
            {
                var connectionString = await TestCluster.NewDatabaseAsync();
                await using (await StartOnAsync(connectionString))
                {
                }

                // Each copy makes a key of its own, wrapped by the key ring of its hosts.
                await using (var owner = NpgsqlDataSource.Create(TestCluster.Owner(connectionString)))
                await using (var delete = owner.CreateCommand("delete from platform_keys.text_key"))
                {
                    await delete.ExecuteNonQueryAsync();
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
