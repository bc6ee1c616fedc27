using System.Net;
using System.Net.Sockets;
using System.Text;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>SIGTERM, as at every deployment, while payments are queued.</summary>
public sealed class StopTests
{
    private const int Payments = 40;

    [Fact]
    public async Task A_host_that_is_stopped_answers_every_payment_it_has_begun_and_takes_no_more()
    {
        var database = await BankFixture.NewDatabaseAsync();
        await using var host = await HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", database));
        var teller = await host.TellerAsync();
        var (from, to) = (await teller.OpenAsync(balance: "100.00"), await teller.OpenAsync());
        var payments = new List<Task<Answer>>();
        Task<int> stopping;
        await using (var held = await HeldLock.OfAccountAsync(database, from))
        {
            payments.Add(teller.TransferAsync(from, to, "1.00"));
            await held.UntilWaitedForAsync();
            var bodies = Enumerable
                .Range(1, Payments)
                .Select(_ => new BodyOnDemand(
                    $$"""{ "fromAccountId": "{{from}}", "toAccountId": "{{to}}", "reason": "test", """
                        + """ "amount": { "value": "1.00", "currency": "EUR" } }"""
                ))
                .ToList();
            payments.AddRange(
                bodies.Select(body =>
                    teller.SendAsync(
                        HttpMethod.Post, "/v1/transfers", body, ("Idempotency-Key", BankClient.NewKey()), ("Expect", "100-continue"))));
            await Task.WhenAll(bodies.Select(b => b.Requested));

            stopping = host.StopAsync();
            await WaitUntilConnectionsAreRefusedAsync(new Uri(host.Address).Port);
            Assert.False(stopping.IsCompleted, host.Output);
        }

        Assert.All(await Task.WhenAll(payments), p => Assert.Equal(201, p.StatusCode));
        Assert.Equal(0, await stopping);
        await using var source = NpgsqlDataSource.Create(database);
        Assert.Equal(payments.Count, await CountAsync(source, "bank.mt_events where type like 'accounts.transfer-sent.%'"));
        Assert.Equal(payments.Count, await CountAsync(source, "bank.mt_events where type like 'accounts.transfer-received.%'"));
        Assert.Equal(payments.Count, await CountAsync(source, "platform.receipt where location like '/v1/transfers/%'"));
    }

    private static async Task WaitUntilConnectionsAreRefusedAsync(int port)
    {
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port);
            }
            catch (SocketException)
            {
                // The host no longer accepts connections.
                return;
            }
        }
    }

    private static async Task<long> CountAsync(NpgsqlDataSource source, string fromWhere)
    {
        await using var command = source.CreateCommand("select count(*) from " + fromWhere);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A body that is sent when the host asks for it, which shows that the host has begun the request.</summary>
    private sealed class BodyOnDemand : HttpContent
    {
        private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] _bytes;

        public BodyOnDemand(string json)
        {
            _bytes = Encoding.UTF8.GetBytes(json);
            Headers.ContentType = new("application/json");
        }

        public Task Requested => _requested.Task;

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _requested.TrySetResult();
            return stream.WriteAsync(_bytes).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }
}
