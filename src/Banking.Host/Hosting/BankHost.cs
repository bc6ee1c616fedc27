using Banking.Commands;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Epochs;
using Banking.EventStore.Json;
using Banking.EventStore.Keys;
using Banking.EventStore.Log;
using Banking.EventStore.Versions;
using Banking.Host.Database;
using Banking.Host.Security;
using Banking.ReadModels;
using Banking.Web;
using Banking.Web.Commands;
using Banking.Web.Http;
using Banking.Web.OpenApi;
using JasperFx;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Http;
using Wolverine.Marten;

namespace Banking.Host.Hosting;

/// <summary>Composes the bank from its modules and the services that all modules share.</summary>
public static class BankHost
{
    /// <param name="modules">The modules. Default: those of the product. A test of a new module adds that module.</param>
    /// <param name="dataFolder">The folder for keys that outlive a restart. Null: they are kept in memory.</param>
    public static WebApplicationBuilder CreateBuilder(
        string[] args,
        BankConnections connections,
        TimeProvider? clock = null,
        IReadOnlyList<BankModule>? modules = null,
        string? dataFolder = null)
    {
        modules ??= BankModules.All;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        SetVariables.Replace(builder.Configuration.Sources);
        SettingRules.ThrowIfAny(KnownSettings.FindProblems(builder.Configuration, modules)
            .Concat(StartupChecks.FindProblems(builder.Configuration, builder.Environment.IsDevelopment())));
        var time = clock ?? TimeProvider.System;
        builder.Logging.AddBankDefaults();
        // The schema is registered first, because hosted services start in the order of registration.
        builder
            .Services.AddDatabaseChecks(builder.Environment.IsDevelopment())
            .AddSingleton<BankSchema>()
            .AddHostedService(p => p.GetRequiredService<BankSchema>())
            .AddHostedService<EpochStart>();
        builder.Services.AddSingleton(modules).AddSingleton<EventLogChecks>().AddHostedService(p => p.GetRequiredService<EventLogChecks>());
        SettingRules.ReadAll(
        [
            () => builder.AddDatabase(connections, time, modules),
            () => builder.AddMessaging(modules),
            () => builder.AddBankSecurity(dataFolder),
            () => builder.AddHttp(modules),
            () => builder.AddTelemetry(modules),
            .. modules.Select(module => (Action)(() => builder.AddModule(module))),
            () => builder.AddKeyRing(dataFolder),
        ]);
        return builder;
    }

    private static void AddModule(this WebApplicationBuilder builder, BankModule module)
    {
        module.AddStored(builder.Services);
        module.AddServed(builder.Services, builder.Configuration);
    }

    /// <summary>Called after the modules: one of them may have registered its own <see cref="IKeyWrapping"/>.</summary>
    private static void AddKeyRing(this WebApplicationBuilder builder, string? dataFolder)
    {
        var folder = KeyRingFolder.Find(builder.Configuration, dataFolder);
        builder.Services.AddSingleton(EpochStart.FindFolder(builder.Configuration, dataFolder, folder));
        // In Development a host needs it when it starts (FirstKey): codegen and migrate build one that does not start.
        if (builder.Services.AddKeyRing(folder, KeyRingUse.Host) && !builder.Environment.IsDevelopment())
        {
            folder.Require();
        }
    }

    /// <summary>Sets the order of the middleware for requests.</summary>
    public static void Configure(this WebApplication app)
    {
        app.Use(HeadRequests.Middleware);
        app.Use(AnswerEnd.Middleware);
        app.UseExceptionHandler();
        app.UseStatusCodePages(StatusCodeProblems.WriteAsync);
        app.UseRouting();
        app.Use(SecurityHeaders.Middleware);
        app.Use(MethodRules.Middleware);
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
        var epochs = app.Services.GetRequiredService<LogEpochs>();
        app.Use((http, next) => LedgerEpochs.Middleware(http, next, epochs));
        app.Use(RequestRules.Middleware);
        app.UseRequestDecompression();
        app.Use(StrictBody.Middleware);
        app.Use(app.Services.GetRequiredService<RequestKeys>().Middleware);
        app.Use(app.Services.GetRequiredService<MinPosition>().Middleware);
        app.MapWolverineEndpoints(wolverine => wolverine.AddPolicy<ParsedBodyPolicy>());
        app.MapHealth();
        app.MapDevTokens();
        app.MapFirstPage();
        app.MapProblems();
        app.MapMetrics();
        foreach (var module in app.Services.GetServices<BankModule>())
        {
            module.Map(app);
        }

        app.MapApiDocs();
    }

    private static void AddDatabase(
        this WebApplicationBuilder builder, BankConnections connections, TimeProvider clock, IReadOnlyList<BankModule> modules)
    {
        builder.Services.AddEventStore(connections, clock, ConnectionBudget.FromConfiguration(builder.Configuration), modules)
            .IntegrateWithWolverine(marten =>
            {
                marten.MessageStorageSchemaName = "wolverine";
                marten.AutoCreate = AutoCreate.None;
            });
        var archive = ArchiveOptions.Read(builder.Configuration);
        builder.Services
            .AddSingleton(archive.CreateStorage())
            .AddSingleton(archive.CreateCache())
            .AddSingleton(EventSettings.Of(builder.Configuration))
            .AddSingleton(SettingValues.ReadSentinel(builder.Configuration))
            .AddServedReadModels(builder.Configuration.FollowsLog())
            .AddServedWeb(builder.Configuration)
            .AddAnswerKeeping(builder.Configuration);
    }

    /// <summary>Registers the checks of the database. A command can run them for another environment than its own.</summary>
    internal static IServiceCollection AddDatabaseChecks(this IServiceCollection services, bool isDevelopment) =>
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<DatabaseChecks>(p, isDevelopment));

    private static void AddMessaging(this WebApplicationBuilder builder, IReadOnlyList<BankModule> modules)
    {
        builder.Host.UseWolverine(wolverine =>
        {
            Adapters.Use(wolverine, modules);
            wolverine.ServiceName = "banking";
            // The owner of the schema creates Wolverine's tables (BankSchema).
            wolverine.AutoBuildMessageStorageOnStartup = AutoCreate.None;
            wolverine.Durability.MessageStorageSchemaName = "wolverine";
            wolverine.Durability.MessageIdentity = MessageIdentity.IdAndDestination;
            wolverine.Durability.KeepAfterMessageHandling = TimeSpan.FromHours(24);
            // In Solo mode each host assumes that it is the only one. Production is every environment but Development.
            wolverine.Durability.Mode = builder.Environment.IsDevelopment() ? DurabilityMode.Solo : DurabilityMode.Balanced;
            wolverine.MultipleHandlerBehavior = MultipleHandlerBehavior.Separated;
            wolverine.EnableRelayOfUserName = true;
            wolverine.Policies.AutoApplyTransactions();
            wolverine.Policies.UseDurableLocalQueues();
            wolverine.Policies.UseDurableInboxOnAllListeners();
            wolverine.Policies.UseDurableOutboxOnAllSendingEndpoints();
            // A rejected command goes to the error queue, where operators see it. A postponed command is retried.
            wolverine.Policies.OnException<CommandRejectedException>().MoveToErrorQueue();
            wolverine.Policies.OnException<CommandPostponedException>().Or(Failures.IsTransient, "The database is unreachable or busy.")
                .RetryWithCooldown(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1))
                .Then.ScheduleRetry(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5));
            foreach (var module in modules)
            {
                wolverine.Discovery.IncludeAssembly(module.Assembly);
                foreach (var command in module.Commands)
                {
                    wolverine.RegisterMessageType(command.Type, command.Name);
                }

                module.Configure(wolverine);
            }
        });
    }

    private static void AddHttp(this WebApplicationBuilder builder, IReadOnlyList<BankModule> modules)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = StrictBody.LargestBytes;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.AddWolverineHttp();
        builder.Services.AddRequestDecompression();
        builder.AddBankRateLimits();
        builder.Services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<UnhandledExceptionHandler>();
        var servers = ApiDocs.ReadServers(builder.Configuration);
        builder.Services.AddOpenApi("v1", options => BankOpenApi.Configure(options, modules, servers));
        builder.Services.AddBankHealth(modules);
    }
}
