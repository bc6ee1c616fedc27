using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Banking.Benchmarks;

/// <summary>Callers that send batches of transfers. Each transfer has its own key.</summary>
internal sealed class BatchLoad(int size, RawHttp[] connections, string[] ids, Func<int, long, (int From, int To)> pick) : IDisposable
{
    private readonly StringBuilder[] _texts = [.. connections.Select(_ => new StringBuilder())];

    public static async Task<BatchLoad> ConnectAsync(
        BankUnderTest bank, int size, int callers, string[] ids, Func<int, long, (int From, int To)> pick)
    {
        var connections = new RawHttp[callers];
        for (var i = 0; i < callers; i++)
        {
            connections[i] = await RawHttp.ConnectAsync(bank.Address, "/v1/transfers/batch", bank.Token, maxBytes: 4 * 1024 * 1024);
        }

        return new(size, connections, ids, pick);
    }

    /// <param name="phase">A part of the keys. Each phase needs its own.</param>
    public Task<Measured> RunAsync(string phase, TimeSpan time) => Load.ClosedAsync(connections.Length, time, async (caller, i) =>
    {
        var http = connections[caller];
        var key = $"batch{size}-{phase}-{caller}-{i}";
        var status = await http.PostAsync(key, CreateBody(key, _texts[caller], caller, i));
        var accepted = status == 200 ? ReadNumber(http.Body.Span, "\"accepted\":"u8) : 0;
        var refused = status == 200 ? ReadNumber(http.Body.Span, "\"refused\":"u8) : 0;
        return new(accepted, refused, size - accepted - refused);
    });

    public void Dispose() => Array.ForEach(connections, c => c.Dispose());

    private string CreateBody(string key, StringBuilder json, int caller, long i)
    {
        json.Clear().Append("""{"mode":"independent","items":[""");
        for (var n = 0; n < size; n++)
        {
            var (from, to) = pick(caller, (i * size) + n);
            json.Append(n > 0 ? "," : "")
                .Append(CultureInfo.InvariantCulture, $$$"""{"idempotencyKey":"{{{key}}}-{{{n}}}","command":""");
            BankUnderTest.AppendTransfer(json, ids[from], ids[to]);
            json.Append('}');
        }

        return json.Append("]}").ToString();
    }

    private static int ReadNumber(ReadOnlySpan<byte> body, ReadOnlySpan<byte> member) =>
        body.IndexOf(member) is var at and >= 0 && Utf8Parser.TryParse(body[(at + member.Length)..], out int number, out _) ? number : 0;
}
