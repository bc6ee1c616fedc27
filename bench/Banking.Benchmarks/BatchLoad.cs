using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Banking.Benchmarks;

/// <summary>Callers that send transfers by the batch, each transfer with a key of its own.</summary>
internal sealed class BatchLoad(BankUnderTest bank, string[] ids, TimeSpan warmUp, TimeSpan duration, Func<int, long, (int From, int To)> pick)
{
    public async Task<Connected> ConnectAsync(int size, int callers)
    {
        var connections = new RawHttp[callers];
        for (var i = 0; i < callers; i++)
        {
            connections[i] = await RawHttp.ConnectAsync(bank.Address, "/v1/transfers/batch", bank.Token, largest: 4 * 1024 * 1024);
        }

        return new(this, size, connections);
    }

    internal sealed class Connected(BatchLoad load, int size, RawHttp[] connections) : IAsyncDisposable
    {
        private readonly StringBuilder[] _texts = [.. connections.Select(_ => new StringBuilder())];

        public Task WarmUpAsync() => RunAsync("w", load.WarmUpTime);

        public Task<Measured> MeasureAsync() => RunAsync("m", load.Duration);

        public ValueTask DisposeAsync()
        {
            Array.ForEach(connections, c => c.Dispose());
            return ValueTask.CompletedTask;
        }

        private Task<Measured> RunAsync(string phase, TimeSpan time) => Load.ClosedAsync(connections.Length, time, async (caller, i) =>
        {
            var http = connections[caller];
            var status = await http.PostAsync("-", Body($"batch{size}-{phase}-{caller}-{i}", _texts[caller], caller, i));
            var accepted = status == 200 ? Number(http.Body.Span, "\"accepted\":"u8) : 0;
            var refused = status == 200 ? Number(http.Body.Span, "\"refused\":"u8) : 0;
            return new(accepted, refused, size - accepted - refused);
        });

        private string Body(string key, StringBuilder json, int caller, long i)
        {
            json.Clear().Append("""{"mode":"independent","items":[""");
            for (var n = 0; n < size; n++)
            {
                var (from, to) = load.Pick(caller, (i * size) + n);
                json.Append(n > 0 ? "," : "").Append(CultureInfo.InvariantCulture,
                    $$$$"""{"idempotencyKey":"{{{{key}}}}-{{{{n}}}}","command":{"fromAccountId":"{{{{load.Ids[from]}}}}","toAccountId":"{{{{load.Ids[to]}}}}","amount":{"value":"0.01","currency":"EUR"}}}""");
            }

            return json.Append("]}").ToString();
        }

        private static int Number(ReadOnlySpan<byte> body, ReadOnlySpan<byte> member) =>
            body.IndexOf(member) is var at and >= 0 && Utf8Parser.TryParse(body[(at + member.Length)..], out int number, out _) ? number : 0;
    }

    private string[] Ids => ids;

    private TimeSpan WarmUpTime => warmUp;

    private TimeSpan Duration => duration;

    private Func<int, long, (int From, int To)> Pick => pick;
}
