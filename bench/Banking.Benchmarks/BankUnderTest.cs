using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>The real host in its own process, as in production.</summary>
internal sealed class BankUnderTest : IDisposable
{
    /// <summary>The key ring of all hosts of this run.</summary>
    private static readonly DirectoryInfo KeyRing = CreateFolder("keys");

    /// <summary>The archive of all hosts of this run.</summary>
    private static readonly DirectoryInfo ArchiveFolder = CreateFolder("archive");

    /// <summary>A customer's overview is one document, which each opening rewrites: few accounts have one customer.</summary>
    private const int AccountsOfACustomer = 100;

    private readonly Process _process;

    private BankUnderTest(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    public string Token { get; private set; } = "";

    /// <summary>The time from the start of the process to the first healthy answer.</summary>
    public TimeSpan StartToReady { get; private set; }

    /// <summary>Starts a program and waits until it answers.</summary>
    /// <param name="ready">The path to request until it answers.</param>
    public static async Task<BankUnderTest> StartAsync(string assembly, string[] args, string connectionString, string ready)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var clock = Stopwatch.StartNew();
        var info = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, assembly),
                .. args.Select(a => a.Replace("{address}", address.ToString().TrimEnd('/'), StringComparison.Ordinal)),
            ])
        {
            RedirectStandardOutput = true,
        };
        Configure(info, connectionString);
        info.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        var process = Process.Start(info)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var bank = new BankUnderTest(process, address);
        using var http = new HttpClient { BaseAddress = address };
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(ready);
                break;
            }
            catch (Exception failure) when (failure is HttpRequestException or SocketException && !process.HasExited)
            {
                // A connection to a port on which no process listens can reach itself: then the socket fails, not the request.
                // Pause between requests, because polling would take processor time from the starting host.
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }

        bank.StartToReady = clock.Elapsed;
        return bank;
    }

    /// <summary>
    /// Sets the connection strings, the key ring and the archive. The benchmark uses one role that creates, owns and measures its
    /// databases.
    /// </summary>
    public static void Configure(ProcessStartInfo info, string connectionString)
    {
        info.Environment["Banking__Keys__Folder"] = KeyRing.FullName;
        info.Environment["Banking__Archive__Folder"] = ArchiveFolder.FullName;
        info.Environment["ConnectionStrings__banking"] = connectionString;
        info.Environment["ConnectionStrings__owner"] = connectionString;
    }

    public static async Task<BankUnderTest> OursAsync(string connectionString, params string[] settings)
    {
        var bank = await StartAsync(
            "Banking.Host.dll", ["--no-demo", "--urls", "{address}", .. settings], connectionString, "/health/ready");
        bank.Token = await bank.RequestTokenAsync("teller");
        return bank;
    }

    /// <summary>Creates a client with a token of the role.</summary>
    public async Task<HttpClient> ClientAsync(string role)
    {
        var http = new HttpClient { BaseAddress = Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", await RequestTokenAsync(role));
        return http;
    }

    public async Task<string> RequestTokenAsync(string role)
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var answer = await http.PostAsJsonAsync("/dev/token", new { role });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    /// <summary>Opens accounts through the public API, and deposits the balance on each.</summary>
    /// <param name="effectiveAt">The opening time. Null for now.</param>
    public async Task<string[]> OpenAsync(int count, string balance, DateTimeOffset? effectiveAt = null)
    {
        var owners = await RegisterAsync((count + AccountsOfACustomer - 1) / AccountsOfACustomer);
        var ids = new string[count];
        var next = -1;
        await Task.WhenAll(
            Enumerable
                .Range(0, 64)
                .Select(async _ =>
                {
                    using var open = await RawHttp.ConnectAsync(Address, "/v1/accounts", Token);
                    using var deposit = await RawHttp.ConnectAsync(Address, "/v1/deposits", Token);
                    for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
                    {
                        await PostAsync(
                            open,
                            $"open-{i}",
                            JsonSerializer.Serialize(
                                new
                                {
                                    customerId = owners[i / AccountsOfACustomer],
                                    currency = "EUR",
                                    effectiveAt,
                                }));
                        using (var body = JsonDocument.Parse(open.Body))
                        {
                            ids[i] = body.RootElement.GetProperty("id").GetString()!;
                        }

                        await PostAsync(
                            deposit,
                            $"fund-{i}",
                            $$$"""{"accountId":"{{{ids[i]}}}","amount":{"value":"{{{balance}}}","currency":"EUR"},"reason":"benchmark"}"""
                        );
                    }
                }));
        return ids;
    }

    private async Task<string[]> RegisterAsync(int count)
    {
        using var http = new HttpClient { BaseAddress = Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        var ids = new string[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ct) =>
        {
            using var customer = await http.PostAsJsonAsync("/v1/customers", new { name = "Bench" }, ct);
            ids[i] = (await customer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("id").GetString()!;
        });
        return ids;
    }

    /// <summary>One connection per caller.</summary>
    public Task<RawHttp[]> ConnectAsync(int callers, string path) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => RawHttp.ConnectAsync(Address, path, Token)));

    /// <summary>
    /// Checks that the sum of all money equals the total in the log and in the states, and that no stream lacks an event.
    /// </summary>
    public static async Task<bool> ConservedAsync(NpgsqlDataSource source, long total)
    {
        await using var command = source.CreateCommand(
            """
            select (select sum((data -> 'balance' ->> 'minor')::bigint) from accounts.mt_doc_account),
                (select sum(case when type in ('accounts.money-deposited.v3', 'accounts.transfer-received.v3')
                        or data ->> 'direction' = 'credit' then 1 else -1 end
                    * (data -> 'amount' ->> 'minor')::bigint) from bank.mt_events
                    where type in ('accounts.money-deposited.v3', 'accounts.transfer-received.v3',
                        'accounts.money-withdrawn.v3', 'accounts.transfer-sent.v3', 'accounts.difference-booked.v1')),
                (select count(*) from bank.mt_streams s where s.version <> (select count(*) from bank.mt_events e where e.stream_id = s.id))
            """);
        command.CommandTimeout = 300;
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return reader.GetDecimal(0) == total && reader.GetDecimal(1) == total && reader.GetInt64(2) == 0;
    }

    public static string Transfer(StringBuilder json, string from, string to)
    {
        json.Clear();
        AppendTransfer(json, from, to);
        return json.ToString();
    }

    public static void AppendTransfer(StringBuilder json, string from, string to) => json.Append(
        CultureInfo.InvariantCulture,
        $$$"""{"fromAccountId":"{{{from}}}","toAccountId":"{{{to}}}","amount":{"value":"0.01","currency":"EUR"},"reason":"benchmark"}""");

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task PostAsync(RawHttp http, string key, string json)
    {
        if (await http.PostAsync(key, json) is var status and not 201)
        {
            throw new InvalidOperationException($"{status}: {Encoding.UTF8.GetString(http.Body.Span)}");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static DirectoryInfo CreateFolder(string what)
    {
        var folder = Directory.CreateTempSubdirectory($"banking-bench-{what}-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Delete(recursive: true);
        return folder;
    }
}
