using System.Reflection;
using Banking.Web.Commands;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Web;

/// <summary>
/// The registration of a module: its settings, services, stored types, schema and endpoints. The host lists its modules once; a module
/// overrides the members that it needs.
/// </summary>
public abstract class BankModule
{
    /// <summary>The assembly of its handlers and endpoints.</summary>
    public Assembly Assembly => GetType().Assembly;

    /// <summary>Settings that are read by name, with the type of their value.</summary>
    public virtual IReadOnlyList<(string Name, Type Type)> Settings => [];

    /// <summary>Configuration sections that are bound to a settings record.</summary>
    public virtual IReadOnlyList<(string Section, Type Record)> SettingSections => [];

    /// <summary>
    /// Each reads settings and throws a <see cref="FormatException"/> with a line for each value that it cannot work with. The host calls
    /// all of them before it creates anything.
    /// </summary>
    public virtual IReadOnlyList<Action<IConfiguration>> SettingReaders => [];

    /// <summary>Idempotent SQL that creates the objects which are not documents. Run by the owner of the schema.</summary>
    public virtual IReadOnlyList<string> Sql => [];

    /// <summary>Names of its meters, for telemetry.</summary>
    public virtual IReadOnlyList<string> Meters => [];

    /// <summary>Its commands that services may send by message.</summary>
    public virtual IReadOnlyList<BusCommand> Commands => [];

    /// <summary>The problems that its endpoints and commands answer, apart from those of every endpoint.</summary>
    public virtual IReadOnlyList<ProblemType> Problems => [];

    /// <summary>The tags of its endpoints, with a sentence about each for the OpenAPI document.</summary>
    public virtual IReadOnlyList<(string Name, string Description)> Tags => [];

    /// <summary>
    /// The parameters in the paths of its endpoints, each at the end of its path, with a sentence for the OpenAPI document.
    /// </summary>
    public virtual IReadOnlyList<(string Path, string Description)> PathParameters => [];

    /// <summary>Registers its events, documents and projections.</summary>
    public virtual void Configure(StoreOptions store)
    {
    }

    /// <summary>
    /// Registers its messages other than <see cref="Commands"/>. Handlers and endpoints of its assembly are found without registration.
    /// </summary>
    public virtual void Configure(WolverineOptions wolverine)
    {
    }

    /// <summary>
    /// Registers what it stores and how that is compared with the log: command groups, kinds of streams, read models, comparisons. Commands
    /// such as verify and projections need these without serving the bank.
    /// </summary>
    public virtual void AddStored(IServiceCollection services)
    {
    }

    /// <summary>Registers the further services of a host that serves the bank.</summary>
    /// <exception cref="FormatException">A setting has an invalid value.</exception>
    public virtual void AddServed(IServiceCollection services, IConfiguration configuration)
    {
    }

    /// <summary>Problems of settings that do not fit the log, each as a sentence. The host does not start if there are any.</summary>
    public virtual Task<IReadOnlyList<string>> StartProblemsAsync(IServiceProvider services, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Adds its health checks.</summary>
    public virtual void AddHealth(IHealthChecksBuilder health, params IEnumerable<string> tags)
    {
    }

    /// <summary>Maps endpoints that are not found by their attributes.</summary>
    public virtual void Map(IEndpointRouteBuilder routes)
    {
    }
}
