using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace UpgradeDriver;

/// <summary>
/// Transfers against all hosts that serve. Each has a key, and is repeated under it, at whatever host, until it is answered finally.
/// </summary>
internal sealed class Load(IReadOnlyList<string> accounts, int seed)
{
    private const int Callers = 8;

    private readonly Lock _gate = new();
    private readonly List<BankProcess> _hosts = [];
    private readonly ConcurrentDictionary<string, (object Command, string Id)> _answered = new();
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private volatile bool _isEnding;
    private int _keys;
    private Task _running = Task.CompletedTask;

    /// <summary>Transfers that were done.</summary>
    public int Done => _answered.Count;

    public void Add(BankProcess host)
    {
        lock (_gate)
        {
            _hosts.Add(host);
        }
    }

    public void Remove(BankProcess host)
    {
        lock (_gate)
        {
            _hosts.Remove(host);
        }
    }

    public void Start() =>
        _running = Task.WhenAll(Enumerable.Range(0, Callers).Select(i => Task.Run(() => CallAsync(new Random(seed + i)))));

    public async Task StopAsync()
    {
        _isEnding = true;
        await _running;
    }

    /// <summary>The answers since the last call, by host and status or code.</summary>
    public string TakeCounts()
    {
        var counts = _counts.OrderBy(c => c.Key, StringComparer.Ordinal);
        var text = string.Join(", ", counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value}")));
        _counts.Clear();
        return text;
    }

    /// <summary>Repeats every key once more. Each must be answered with its first answer, marked as replayed.</summary>
    /// <returns>The number of keys that were not.</returns>
    public async Task<int> CountWrongReplaysAsync(BankProcess host)
    {
        var wrong = 0;
        await Parallel.ForEachAsync(_answered, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (answered, ct) =>
        {
            using var answer = await SendAsync(host, answered.Key, answered.Value.Command, ct);
            var body = await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
            var isReplayed = answer.Headers.TryGetValues("Idempotency-Replayed", out var values) && values.Single() == "true";
            if (!isReplayed || !answer.IsSuccessStatusCode || body.GetProperty("id").GetString() != answered.Value.Id)
            {
                Interlocked.Increment(ref wrong);
            }
        });
        return wrong;
    }

    private async Task CallAsync(Random random)
    {
        while (!_isEnding)
        {
            var from = random.Next(accounts.Count);
            var to = (from + 1 + random.Next(accounts.Count - 1)) % accounts.Count;
            var command = new
            {
                fromAccountId = accounts[from],
                toAccountId = accounts[to],
                amount = new { value = "0.01", currency = "EUR" },
                reason = "load",
            };
            var key = $"upgrade-{Interlocked.Increment(ref _keys).ToString(CultureInfo.InvariantCulture)}";
            while (!await TryAsync(Choose(random), key, command))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    private BankProcess Choose(Random random)
    {
        lock (_gate)
        {
            return _hosts[random.Next(_hosts.Count)];
        }
    }

    private async Task<bool> TryAsync(BankProcess host, string key, object command)
    {
        try
        {
            using var answer = await SendAsync(host, key, command, CancellationToken.None);
            var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
            Count(host, answer.IsSuccessStatusCode ? "done" : body.GetProperty("code").GetString()!);
            if (!answer.IsSuccessStatusCode)
            {
                return (int)answer.StatusCode is not (503 or 409 or 429)
                    ? throw new InvalidOperationException($"{host.Name} answered {answer.StatusCode}: {body}")
                    : false;
            }

            _answered[key] = (command, body.GetProperty("id").GetString()!);
            return true;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or TaskCanceledException)
        {
            Count(host, "no answer");
            return false;
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(BankProcess host, string key, object command, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/transfers") { Content = JsonContent.Create(command) };
        request.Headers.Add("Idempotency-Key", key);
        return await host.Http.SendAsync(request, ct);
    }

    private void Count(BankProcess host, string what) => _counts.AddOrUpdate($"{host.Name}: {what}", 1, (_, count) => count + 1);
}
