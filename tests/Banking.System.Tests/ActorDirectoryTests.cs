using System.Text.Json;
using Banking.EventStore.Keys;
using Banking.Host.Security;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Banking.Web.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>An audit answer says who the actors of its events are; their names are in no event and can be erased.</summary>
public sealed class ActorDirectoryTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _auditor = bank.As("auditor");

    [Fact]
    public async Task The_actor_of_an_event_is_shown_with_the_name_of_the_token()
    {
        var opened = await OpenAsync("emp-4711", "Ottilie Quandt");

        var (items, actors) = await UntilKnownAsync("emp-4711");

        Assert.NotEmpty(items);
        Assert.All(items, item => Assert.Equal("emp-4711", item.GetProperty("actor").GetString()));
        var actor = Assert.Single(actors);
        Assert.Equal(("emp-4711", "Ottilie Quandt"), (Text(actor, "actor"), Text(actor, "name")));
        Assert.Equal((opened, opened), (actor.Time("firstSeen"), actor.Time("lastSeen")));
        Assert.DoesNotContain("Quandt", await DatabaseBackup.TextAsync(bank.ConnectionString), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_later_token_changes_the_name_and_the_time_when_the_actor_was_last_seen()
    {
        var first = await OpenAsync("emp-4712", "Rosa Alt");
        await UntilKnownAsync("emp-4712");
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var last = await OpenAsync("emp-4712", "Rosa Neu");

        await Eventually.UntilAsync(
            async () => (await ActorsAsync("emp-4712")).Actors.Select(a => (Text(a, "name"), a.Time("firstSeen"), a.Time("lastSeen"))),
            actors => actors.SequenceEqual([("Rosa Neu", first, last)]));
    }

    [Fact]
    public async Task An_erased_actor_has_no_name_and_the_events_stay()
    {
        await OpenAsync("emp-4713", "Eva Gelt");
        await UntilKnownAsync("emp-4713");

        await using (var erase = bank.Database.CreateCommand("delete from audit_actors.actor where actor = 'emp-4713'"))
        {
            Assert.Equal(1, await erase.ExecuteNonQueryAsync());
        }

        var (items, actors) = await ActorsAsync("emp-4713");
        Assert.NotEmpty(items);
        Assert.Empty(actors);
    }

    [Fact]
    public async Task A_host_that_stores_late_does_not_bring_back_a_former_name()
    {
        var last = await OpenAsync("emp-4715", "Nora Neu");
        await UntilKnownAsync("emp-4715");

        // As another host would, which saw the actor earlier.
        bank.Host.Services.GetRequiredService<SeenActors>().Return([new("emp-4715", "Nora Alt", last.AddMinutes(-1))]);

        var actor = await Eventually.UntilAsync(
            async () => (await ActorsAsync("emp-4715")).Actors.Single(), a => a.Time("firstSeen") == last.AddMinutes(-1));
        Assert.Equal(("Nora Neu", last), (Text(actor, "name"), actor.Time("lastSeen")));
    }

    [Fact]
    public async Task Customers_and_services_are_not_in_the_directory()
    {
        var customer = await bank.As("teller").RegisterAsync();
        var tokens = bank.Host.Services.GetRequiredService<DevTokens>();
        var now = TimeProvider.System.GetUtcNow();
        (await bank.WithToken(tokens.Issue("customer", customer, "login-1", now, "Kuno Kunde")).GetAsync("/v1/accounts")).Ok();
        var service = bank.WithToken(tokens.Issue("service", null, "billing", now, "Billing"));
        (await service.GetAsync("/v1/accounts")).IsProblem(403, "forbidden");
        await OpenAsync("emp-4714", "Frida Nach");
        await UntilKnownAsync("emp-4714");

        await using var known = bank.Database.CreateCommand(
            "select count(*) from audit_actors.actor where actor in ('login-1', 'billing')");
        Assert.Equal(0L, await known.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_name_that_was_exchanged_with_that_of_another_actor_is_not_shown_and_is_found()
    {
        await OpenAsync("emp-4721", "Anna Eins");
        await OpenAsync("emp-4722", "Berta Zwei");
        await UntilKnownAsync("emp-4721");
        await UntilKnownAsync("emp-4722");
        Assert.Empty(await CompareAsync());

        await ForgeAsync(
            "update audit_actors.actor a set name = b.name, name_wrapped_by = b.name_wrapped_by from audit_actors.actor b "
                + "where (a.actor, b.actor) in (('emp-4721', 'emp-4722'), ('emp-4722', 'emp-4721'))");
        // A text without what marks its form opens no more for another actor.
        await ForgeAsync("update audit_actors.actor set name = replace(name, 'actor-name.v2:', '') where actor = 'emp-4722'");

        Assert.False(Assert.Single((await ActorsAsync("emp-4721")).Actors).TryGetProperty("name", out _));
        Assert.False(Assert.Single((await ActorsAsync("emp-4722")).Actors).TryGetProperty("name", out _));
        Assert.Equal(["emp-4721", "emp-4722"], (await CompareAsync()).Select(d => d.Key));
        await ForgeAsync("delete from audit_actors.actor where actor in ('emp-4721', 'emp-4722')");
    }

    [Fact]
    public async Task A_name_that_an_earlier_version_sealed_is_shown_and_is_sealed_for_its_actor_when_it_is_seen_again()
    {
        await OpenAsync("emp-4723", "Clara Drei");
        await UntilKnownAsync("emp-4723");
        var former = await bank.Host.Services.GetRequiredService<IKeyWrapping>().WrapAsync("Clara Alt"u8.ToArray(), CancellationToken.None);
        await ForgeAsync($"update audit_actors.actor set name = '{former.Text}', name_wrapped_by = '{former.By}' where actor = 'emp-4723'");

        Assert.Equal("Clara Alt", Text(Assert.Single((await ActorsAsync("emp-4723")).Actors), "name"));
        Assert.Empty(await CompareAsync());

        bank.Clock.Advance(TimeSpan.FromHours(1));
        await OpenAsync("emp-4723", "Clara Drei");
        await Eventually.UntilAsync(
            async () => Text((await ActorsAsync("emp-4723")).Actors.Single(), "name"), name => name == "Clara Drei");
        await using var stored = bank.Database.CreateCommand("select name from audit_actors.actor where actor = 'emp-4723'");
        Assert.StartsWith("actor-name.v2:", (string)(await stored.ExecuteScalarAsync())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_names_that_differ_a_hundred_are_listed()
    {
        await OpenAsync("emp-4724", "Dora Vier");
        await UntilKnownAsync("emp-4724");
        await ForgeAsync(
            "insert into audit_actors.actor (actor, name, name_wrapped_by, first_seen, last_seen) "
                + "select 'planted-' || n, name, name_wrapped_by, first_seen, last_seen "
                + "from audit_actors.actor, generate_series(1, 120) n where actor = 'emp-4724'");

        Assert.Equal(100, (await CompareAsync()).Count);
        await ForgeAsync("delete from audit_actors.actor where actor like 'planted-%'");
    }

    private async Task<IReadOnlyList<Difference>> CompareAsync() =>
        [
            .. (await bank.Host.Services.GetRequiredService<Verification>().BankAsync(CancellationToken.None))
                .Where(d => (d.Model, d.Table) == ("actors", "actor")),
        ];

    private async Task ForgeAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
    }

    /// <summary>Opens an account as a teller whose token has a name. Returns the time of the bank.</summary>
    private async Task<DateTimeOffset> OpenAsync(string actor, string name)
    {
        var token = bank.Host.Services.GetRequiredService<DevTokens>()
            .Issue("teller", null, actor, TimeProvider.System.GetUtcNow(), name);
        await bank.WithToken(token).OpenAsync();
        return bank.Clock.Now;
    }

    private Task<(List<JsonElement> Items, List<JsonElement> Actors)> UntilKnownAsync(string actor) =>
        Eventually.UntilAsync(() => ActorsAsync(actor), found => found is { Items.Count: > 0, Actors.Count: > 0 });

    private async Task<(List<JsonElement> Items, List<JsonElement> Actors)> ActorsAsync(string actor)
    {
        var page = (await _auditor.GetAsync($"/audit/events?actor={actor}")).Ok().Json;
        return ([.. page.GetProperty("items").EnumerateArray()], [.. page.GetProperty("actors").EnumerateArray()]);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
