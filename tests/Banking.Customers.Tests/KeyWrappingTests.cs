using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alba;
using Banking.Customers.Domain;
using Banking.Customers.Features;
using Banking.EventStore.Keys;
using Banking.Host;
using Banking.Host.Security;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Customers.Tests;

/// <summary>The keys of customers are stored wrapped: the database alone opens no personal data.</summary>
public sealed partial class KeyWrappingTests(BankWithKeyRing bank) : IClassFixture<BankWithKeyRing>
{
    private const string Wrapped =
        "select data ->> 'wrappedBy' from customers_keys.mt_doc_customer_key where not data ? 'key' and data ? 'wrapped'";

    private const string ActorKeys = "select name_wrapped_by from audit_actors.actor where name is not null";

    private const string Degraded = "restore the key ring";

    private const string Table = "customers_keys.mt_doc_customer_key";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_dump_of_the_database_shows_no_person_and_its_keys_open_nothing()
    {
        var customer = await RegisterAsync("Quixotica Zebrano", "quixotica@zebrano.example");

        var dump = await DatabaseBackup.TextAsync(bank.ConnectionString);
        Assert.Contains(Id(customer).ToString(), dump, StringComparison.Ordinal);
        Assert.DoesNotContain("zebrano", dump, StringComparison.OrdinalIgnoreCase);
        Assert.Null(await OpenWithKeysOfAsync(dump, customer));

        // The same search finds the key that an earlier version of the bank stored.
        var stored = (await QueryAsync($"select data::text from {Table} where id = '{Id(customer)}'"))[0];
        await StoreUnwrappedAsync(customer, by: "data ->> 'wrappedBy'");
        var open = await DatabaseBackup.TextAsync(bank.ConnectionString);
        await QueryAsync($"update {Table} set data = '{stored}' where id = '{Id(customer)}' returning ''");
        Assert.Equal("Quixotica Zebrano", await OpenWithKeysOfAsync(open, customer));
    }

    [Fact]
    public async Task A_key_of_an_earlier_version_opens_the_data_and_is_wrapped_by_the_next_start()
    {
        var customer = await RegisterAsync("Ada Lovelace", "ada@example.org");
        await StoreUnwrappedAsync(customer);
        Assert.Equal("Ada Lovelace", await NameAsync(_teller, customer));

        await using var later = await bank.StartAnotherAsync();
        await Eventually.UntilAsync(() => QueryAsync($"{Wrapped} and id = '{Id(customer)}'"), rows => rows.Count == 1);

        Assert.Equal("Ada Lovelace", await NameAsync(_teller, customer));
        Assert.Equal("Ada Lovelace", await NameAsync(BankFixture.On(later, "teller"), customer));
    }

    [Fact]
    public async Task After_a_rotation_the_keys_are_wrapped_again_and_every_host_opens_the_data()
    {
        var customer = await RegisterAsync("Grace Hopper", "grace@example.org");
        var now = TimeProvider.System.GetUtcNow();
        var rotated = Ring().CreateNewKey(now, now.AddDays(90)).KeyId.ToString();

        await using var later = await bank.StartAnotherAsync();
        await Eventually.UntilAsync(() => QueryAsync(Wrapped), by => by.TrueForAll(id => id == rotated));

        Assert.Equal("Grace Hopper", await NameAsync(BankFixture.On(later, "teller"), customer));
        Assert.Equal("Grace Hopper", await NameAsync(_teller, customer));
        var next = await RegisterAsync("Mary Jackson", "mary@example.org");
        Assert.Equal("Mary Jackson", await NameAsync(BankFixture.On(later, "teller"), next));
    }

    [Fact]
    public async Task A_running_host_uses_a_key_that_was_added_on_demand_for_customers_and_for_actors_who_left()
    {
        var customer = await RegisterAsync("Katherine Johnson", "katherine@example.org");
        var token = bank.Host.Services.GetRequiredService<DevTokens>()
            .Issue("teller", null, "emp-1", TimeProvider.System.GetUtcNow(), "Dorothy Vaughan");
        (await bank.WithToken(token).GetAsync("/v1/accounts")).Ok();
        await Eventually.UntilAsync(() => QueryAsync(ActorKeys), by => by.Count > 0);
        var watch = bank.Host.Services.GetRequiredService<KeyWatch>();
        var former = (await QueryAsync(Wrapped)).ToHashSet();

        new KeyRingFolder(bank.KeyFolder, IsPrivate: false).AddKey();
        // The folder is read again after a second at the earliest.
        var by = await Eventually.UntilAsync(
            async () =>
            {
                await watch.LookAsync(CancellationToken.None);
                return (await QueryAsync(Wrapped)).Concat(await QueryAsync(ActorKeys)).ToHashSet();
            },
            keys => keys.Count == 1 && !keys.Overlaps(former));

        Assert.True(File.Exists(Path.Combine(bank.KeyFolder, $"key-{Assert.Single(by)}.xml")));
        Assert.Equal("Katherine Johnson", await NameAsync(_teller, customer));
        Assert.Null(watch.Problem);
    }

    [Fact]
    public async Task A_lost_key_ring_is_reported_by_health_and_hides_persons_but_stops_no_money()
    {
        var customer = await RegisterAsync("Eve Adams", "eve@example.org");
        var account = await _teller.OpenAsync(customer, balance: "5.00");
        var kept = Directory.CreateDirectory(Path.Combine(bank.KeyFolder, "away")).FullName;
        Move(bank.KeyFolder, kept);
        var refused = await Assert.ThrowsAsync<ConfigurationException>(bank.StartAnotherAsync);
        Assert.Contains("has no key, but the database has stored keys", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(bank.KeyFolder));

        new KeyRingFolder(bank.KeyFolder, IsPrivate: false).CreateFirstKey();
        var before = await QueryAsync(Wrapped);
        await using var later = await bank.StartAnotherAsync();
        var (teller, watch) = (BankFixture.On(later, "teller"), later.Services.GetRequiredService<KeyWatch>());

        await Eventually.UntilAsync(() => HealthAsync(teller), health => health.Contains(Degraded, StringComparison.Ordinal));
        foreach (var path in (string[])[$"/v1/customers/{customer}", "/v1/customers"])
        {
            var hidden = await teller.GetAsync(path);
            Assert.Equal((503, "key_unavailable"), (hidden.StatusCode, hidden.Code));
        }

        Assert.DoesNotContain(bank.KeyFolder, await HealthAsync(teller), StringComparison.Ordinal);
        var unstored = await teller.PostAsync("/v1/customers", new { name = "Adam", email = "adam@example.org" });
        Assert.Equal((503, "key_unavailable"), (unstored.StatusCode, unstored.Code));
        Assert.Equal(before.Order(), (await QueryAsync(Wrapped)).Order());
        Assert.Equal(["a key ring with the key"], await FaultsAsync(later));
        (await teller.DepositAsync(account, "1.00")).Created();
        Assert.Equal("6.00", await teller.BalanceAsync(account));

        Array.ForEach(Directory.GetFiles(bank.KeyFolder), File.Delete);
        Move(kept, bank.KeyFolder);
        await Eventually.UntilAsync(LookAsync, problem => problem == "none");
        Assert.Equal("Eve Adams", await NameAsync(teller, customer));
        Assert.DoesNotContain(Degraded, await HealthAsync(teller), StringComparison.Ordinal);

        async Task<string> LookAsync()
        {
            await watch.LookAsync(CancellationToken.None);
            return watch.Problem ?? "none";
        }
    }

    [Fact]
    public async Task The_next_look_wraps_a_key_that_was_stored_unwrapped_since_the_start_and_leaves_and_counts_damaged_ones()
    {
        var (late, damaged) = (await RegisterAsync("Late", "late@example.org"), await RegisterAsync("Damaged", "damaged@example.org"));
        var watch = bank.Host.Services.GetRequiredService<KeyWatch>();
        await StoreUnwrappedAsync(late);
        await StoreUnwrappedAsync(damaged);
        var key = (await QueryAsync($"select data ->> 'key' from {Table} where id = '{Id(damaged)}'"))[0];
        foreach (var text in (string[])["not base64", "", "AAAA"])
        {
            await SetKeyAsync(damaged, text);
            await watch.LookAsync(CancellationToken.None);

            Assert.Single(await QueryAsync($"{Wrapped} and id = '{Id(late)}'"));
            Assert.Equal([text], await QueryAsync($"select data ->> 'key' from {Table} where id = '{Id(damaged)}'"));
            Assert.Contains("are damaged", await HealthAsync(_teller), StringComparison.Ordinal);
            await RegisterAsync("Next", "next@example.org");
            await StoreUnwrappedAsync(late);
        }

        await SetKeyAsync(damaged, key);
        await watch.LookAsync(CancellationToken.None);
        Assert.Null(watch.Problem);
        Assert.Equal("Damaged", await NameAsync(_teller, damaged));
    }

    [Fact]
    public async Task Another_service_can_wrap_the_keys()
    {
        await using var other = new BankWithKeyService();
        await other.InitializeAsync();
        var registered = (await other.As("teller").PostAsync("/v1/customers", new { name = "Ada", email = "ada@example.org" })).Created();

        Assert.Equal("Ada", await NameAsync(other.As("teller"), registered.Text("id")));
        await using var by = other.Owner.CreateCommand("select data ->> 'wrappedBy' from customers_keys.mt_doc_customer_key");
        Assert.Equal("service-key-1", await by.ExecuteScalarAsync());
    }

    /// <summary>The faults of keys that verify finds on a host, without ids.</summary>
    private static async Task<IEnumerable<string>> FaultsAsync(IAlbaHost host) =>
        (await host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences
        .Where(d => d.Model == "customers").Select(d => d.Expected!.Trim('"')[..23]).Distinct();

    /// <summary>Tries everything in a dump that may be a key.</summary>
    /// <returns>The name of the customer; null if nothing opens the data.</returns>
    private async Task<string?> OpenWithKeysOfAsync(string dump, string customer)
    {
        var personal = JsonSerializer.Deserialize<SealedData>(
            (await QueryAsync($"select data -> 'personal' #>> '{{}}' from bank.mt_events where stream_id = '{Id(customer)}'"))[0],
            JsonSerializerOptions.Web)!;
        foreach (var bytes in Base64().Matches(dump).Select(m => Decode(m.Value)))
        {
            for (var start = 0; start + 32 <= bytes.Length; start++)
            {
                try
                {
                    return new CustomerKey(Id(customer), Convert.ToBase64String(bytes, start, 32)).Open(personal).Name;
                }
                catch (CryptographicException)
                {
                    // Not a key of this customer.
                }
            }
        }

        return null;
    }

    private static byte[] Decode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : [];
    }

    /// <summary>Stores a customer's key as earlier versions of the bank did.</summary>
    /// <param name="by">The key that is named with it, as SQL: the bank leaves the row alone if that is the newest one.</param>
    private async Task StoreUnwrappedAsync(string customer, string by = "null")
    {
        var id = Id(customer);
        var key = (await bank.Host.Services.GetRequiredService<CustomerKeys>().FindAsync([id], CancellationToken.None))[id];
        await QueryAsync(
            $"""
            update customers_keys.mt_doc_customer_key
            set data = jsonb_strip_nulls(jsonb_build_object('id', id, 'key', '{key.Key}', 'wrappedBy', {by})) where id = '{id}' returning ''
            """);
    }

    private Task<List<string>> SetKeyAsync(string customer, string key) => QueryAsync(
        $"update {Table} set data = jsonb_build_object('id', id, 'key', '{key}') where id = '{Id(customer)}' returning ''");

    private IKeyManager Ring()
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("banking").PersistKeysToFileSystem(new DirectoryInfo(bank.KeyFolder));
        return services.BuildServiceProvider().GetRequiredService<IKeyManager>();
    }

    private static void Move(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from))
        {
            File.Move(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private static async Task<string> HealthAsync(BankClient client) => (await client.GetAsync("/health/ready")).Body;

    private static async Task<string> NameAsync(BankClient client, string customer) =>
        (await client.GetAsync($"/v1/customers/{customer}")).Ok().Text("name");

    private async Task<string> RegisterAsync(string name, string email) =>
        (await _teller.PostAsync("/v1/customers", new { name, email })).Created().Text("id");

    private static Guid Id(string customer) => PublicId.TryParse("cus", customer, out var id) ? id : throw new FormatException(customer);

    private async Task<List<string>> QueryAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    [GeneratedRegex("[A-Za-z0-9+/]{43,}={0,2}")]
    private static partial Regex Base64();
}

/// <summary>A bank with a key ring of its own.</summary>
public sealed class BankWithKeyRing : BankFixture
{
    public string KeyFolder { get; } = TestFolders.New("banking-own-keys-").FullName;

    protected override string[] Settings => [.. base.Settings, "--Banking:Keys:Folder", KeyFolder];
}

/// <summary>A bank whose keys are wrapped by another service than the key ring.</summary>
public sealed class BankWithKeyService : BankFixture
{
    protected override void Configure(IServiceCollection services) => services.AddSingleton<IKeyWrapping>(new KeyService());

    private sealed class KeyService : IKeyWrapping
    {
        public ValueTask<WrappedKey> WrapAsync(byte[] key, CancellationToken ct) =>
            new(new WrappedKey("service-key-1", Convert.ToHexString(key.Reverse().ToArray())));

        public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, CancellationToken ct) =>
            new(Convert.FromHexString(wrapped.Text).Reverse().ToArray());
    }
}
