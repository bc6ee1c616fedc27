using System.Text.RegularExpressions;
using Banking.Commands.Receipts;
using Banking.EventStore.Published;
using Banking.Host;
using Banking.Host.Hosting;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Architecture.Tests;

/// <summary>A module is named once, in the list of modules. Hosts and commands read everything about modules from that list.</summary>
public sealed partial class BankModuleTests
{
    /// <summary>The list, and the import, which stores customers and accounts.</summary>
    private static readonly string[] Exceptions =
    [
        "src/Banking.Host/BankModules.cs",
        "src/Banking.Host/Commands/ImportCommand.cs", "src/Banking.Host/Commands/SimulateCommand.cs",
    ];

    public static TheoryData<Type> Stored =>
        [typeof(ReadModel), typeof(StreamKind), typeof(StoredComparison), typeof(StateComparison), typeof(ReceiptRule), typeof(AnswerRule)];

    [Fact]
    public void Every_module_is_in_the_list_once()
    {
        var modules = Solution.Assemblies.SelectMany(a => a.GetTypes()).Where(t => t.IsSubclassOf(typeof(BankModule)) && !t.IsAbstract);

        Assert.Equal(
            modules.Select(t => t.FullName).Order(StringComparer.Ordinal),
            BankModules.All.Select(m => m.GetType().FullName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_the_list_names_a_module()
    {
        var files = Directory.GetFiles(Path.Combine(Solution.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Solution.Root, f).Replace('\\', '/'))
            .Where(f =>
                !f.Contains("/obj/", StringComparison.Ordinal)
                && FindModuleNames(f).Any(m => !f.Contains($"/Banking.{m}/", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal);

        Assert.Equal(Exceptions, files);
    }

    [Theory]
    [MemberData(nameof(Stored))]
    public async Task Offline_commands_have_the_same_services_as_the_host(Type service)
    {
        await using var commands = new ServiceCollection()
            .AddLogging()
            .AddEventStoreForCommands(new("Host=nowhere;Database=none"), BankModules.All)
            .BuildServiceProvider();
        await using var host = BankHost.CreateBuilder(["--environment", "Development"], new("Host=nowhere;Database=none")).Build();

        var known = host.Services.GetServices(service).Select(Name).Order(StringComparer.Ordinal).ToList();

        Assert.NotEmpty(known);
        Assert.Equal(known, commands.GetServices(service).Select(Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_kind_of_stream_has_a_prefix_of_its_own_for_public_ids()
    {
        await using var host = BankHost.CreateBuilder(["--environment", "Development"], new("Host=nowhere;Database=none")).Build();

        var prefixes = host.Services.GetServices<PublicStream>().ToList();

        Assert.Equal(
            host.Services.GetServices<StreamKind>().Select(k => k.Type).Order(StringComparer.Ordinal),
            prefixes.Select(p => p.StreamType).Order(StringComparer.Ordinal));
        Assert.Equal(prefixes.Count, prefixes.DistinctBy(p => p.Prefix).Count());
    }

    [Fact]
    public async Task Every_kind_of_stream_that_commands_write_has_a_current_view_for_repeats_whose_answers_have_expired()
    {
        await using var host = BankHost.CreateBuilder(["--environment", "Development"], new("Host=nowhere;Database=none")).Build();

        Assert.Equal(
            // A refusal is answered from its document.
            host.Services.GetServices<StreamKind>().Where(k => k.HasReceipts && k.Type != CommandRefused.StreamType).Select(k => k.Type)
                .Order(StringComparer.Ordinal),
            host.Services.GetServices<ICurrentView>().Select(v => v.StreamType).Order(StringComparer.Ordinal));
    }

    private static string Name(object? known) => known is StreamKind kind ? kind.ToString() : known!.GetType().ToString();

    private static IEnumerable<string> FindModuleNames(string file) =>
        ModuleName().Matches(File.ReadAllText(Path.Combine(Solution.Root, file))).Select(m => m.Groups[1].Value)
            .Where(m => BankModules.All.Any(b => b.GetType().Name == m + "Module"));

    [GeneratedRegex(@"\b([A-Z][A-Za-z]+)Module\b")]
    private static partial Regex ModuleName();
}
