using System.Reflection;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Web;

/// <summary>
/// The front door of a module: everything that the host, the commands, the schema and the generated adapters need to know of it. The host
/// lists its modules once; a module overrides what it has.
/// </summary>
public abstract class BankModule
{
    /// <summary>Where its handlers and endpoints are.</summary>
    public Assembly Assembly => GetType().Assembly;

    /// <summary>Settings with a name of their own, and the type of their value.</summary>
    public virtual IReadOnlyList<(string Name, Type Type)> Settings => [];

    /// <summary>Sections of the configuration that are read into a record.</summary>
    public virtual IReadOnlyList<(string Section, Type Record)> SettingSections => [];

    /// <summary>SQL objects that are not documents. Idempotent, and run by the owner of the schema.</summary>
    public virtual IReadOnlyList<string> Sql => [];

    /// <summary>Names of its meters, for telemetry.</summary>
    public virtual IReadOnlyList<string> Meters => [];

    /// <summary>Its events, documents and projections.</summary>
    public virtual void Configure(StoreOptions store)
    {
    }

    /// <summary>Its messages. Its assembly is searched for handlers and endpoints anyway.</summary>
    public virtual void Configure(WolverineOptions wolverine)
    {
    }

    /// <summary>
    /// What it stores and how that is compared with the log: command groups, kinds of streams, read models, comparisons. Commands such as
    /// verify and projections have these without serving the bank.
    /// </summary>
    public virtual void AddStored(IServiceCollection services)
    {
    }

    /// <summary>What it needs beside these where the bank is served.</summary>
    /// <exception cref="FormatException">A setting cannot have the value that it has.</exception>
    public virtual void AddServed(IServiceCollection services, IConfiguration configuration)
    {
    }

    /// <summary>Settings that do not fit the log, each as a sentence; with any, the host does not start.</summary>
    public virtual Task<IReadOnlyList<string>> StartProblemsAsync(IServiceProvider services, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>What the host's health says of it.</summary>
    public virtual void AddHealth(IHealthChecksBuilder health, params IEnumerable<string> tags)
    {
    }

    /// <summary>Endpoints that are not found by their attributes.</summary>
    public virtual void Map(IEndpointRouteBuilder routes)
    {
    }
}
