using System.Text.Json;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Npgsql;
using Wolverine;

namespace Banking.Host.Demo;

/// <summary>What the first page and the printed questions name of the demo bank.</summary>
/// <param name="DoubleSalary">The public id of the salary that was paid a second time by mistake.</param>
/// <param name="Ada">The public id of the customer to whom it was paid.</param>
internal sealed record DemoFacts(string DoubleSalary, string Ada);

/// <summary>
/// A small bank with a past, for trying out the API. Its history is made through the public commands, under a clock that starts in January.
/// </summary>
internal static class DemoBank
{
    /// <summary>The demo history is the beginning of the log, or it is not there.</summary>
    private const string FirstAccount =
        "select exists (select from bank.mt_events "
            + "where seq_id <= 100 and type = 'accounts.account-opened.v1' and data->>'number' = $1)";

    private const string DoubleSalary =
        $"select id from bank.mt_events where seq_id <= 100 and headers ->> '{HeaderNames.IdempotencyKey}' = 'demo-salary-again'";

    private const string FirstOwner =
        "select (data ->> 'owner')::uuid from bank.mt_events where seq_id <= 100 and type = 'accounts.account-opened.v1' "
            + "and data ->> 'number' = $1";

    private const string LastRecorded = "select timestamp from bank.mt_events order by seq_id desc limit 1";

    /// <summary>Makes the demo bank unless the bank has events of its own. A start that was cut off is completed by the next one.</summary>
    /// <returns>A sentence about it.</returns>
    public static async Task<string> EnsureCreatedAsync(IServiceProvider services, DemoClock clock)
    {
        try
        {
            return await IsInUseAsync(services)
                ? await ExistsAsync(services.GetRequiredService<NpgsqlDataSource>(), default)
                    ? "unchanged, with the commands since then"
                    : "not created, because this bank has a history of its own"
                : await CreateAsync(services, clock);
        }
        finally
        {
            clock.ReturnToPresent();
        }
    }

    public static Task<bool> ExistsAsync(NpgsqlDataSource source, CancellationToken ct) =>
        source.ScalarAsync<bool>(FirstAccount, [DemoHistory.Number(1).Value], ct);

    /// <summary>Returns null if this is not the demo bank.</summary>
    public static async Task<DemoFacts?> FindAsync(NpgsqlDataSource source, CancellationToken ct) =>
        await source.ScalarAsync<Guid?>(FirstOwner, [DemoHistory.Number(1).Value], ct) is { } ada
        && await source.ScalarAsync<Guid?>(DoubleSalary, [], ct) is { } id
            ? new(PublicId.Format("dep", id), PublicId.Format("cus", ada))
            : null;

    /// <summary>Whether anything was recorded after the demo's history. Nothing may be recorded before it then.</summary>
    private static async Task<bool> IsInUseAsync(IServiceProvider services) =>
        await services.GetRequiredService<NpgsqlDataSource>().ScalarAsync<DateTime?>(LastRecorded, [], default) is { } last
        && last > DemoHistory.End.UtcDateTime;

    private static async Task<string> CreateAsync(IServiceProvider services, DemoClock clock)
    {
        await using var scope = services.CreateAsyncScope();
        var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
        var customers = new List<string>();
        clock.MoveTo(DemoHistory.Opened);
        foreach (var (name, email) in DemoHistory.People)
        {
            var reply = await bus.InvokeAsync<CommandReply>(new RegisterCustomer($"demo-customer-{customers.Count + 1}", name, email));
            customers.Add(ReadId(reply));
        }

        var refused = 0;
        foreach (var step in DemoHistory.Create(customers))
        {
            clock.MoveTo(step.At);
            refused += (await bus.InvokeAsync<CommandReply>(step.Command)).IsProblem ? 1 : 0;
        }

        return refused == 2
            ? "5 customers, 6 accounts (EUR USD JPY KWD), January to October 2026"
            : throw new InvalidOperationException($"{refused} commands of the demo bank were refused instead of 2.");
    }

    private static string ReadId(CommandReply reply)
    {
        using var body = JsonDocument.Parse(reply.Body);
        return body.RootElement.GetProperty("id").GetString()!;
    }
}
