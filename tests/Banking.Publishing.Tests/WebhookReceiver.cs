using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Tests;

/// <summary>A consumer's webhook endpoint: a real server that keeps each delivery and answers with the status a test chooses.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Delivery> _all = new();

    private WebhookReceiver(WebApplication app) => _app = app;

    /// <summary>Returns the status with which a delivery is answered.</summary>
    public Func<Delivery, int> Answer { get; set; } = _ => 204;

    /// <summary>All requests in order of arrival.</summary>
    public IReadOnlyList<Delivery> All => [.. _all];

    /// <summary>The accepted deliveries, without repeats.</summary>
    public IReadOnlyList<Delivery> Taken => [.. _all.Where(d => d.Answered < 300).DistinctBy(d => d.Id)];

    public string Url => _app.Urls.First() + "/hook";

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.MapPost("/hook", receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var delivery = new Delivery(
            http.Request.Headers["webhook-id"]!, http.Request.Headers["webhook-timestamp"]!, http.Request.Headers["webhook-signature"]!,
            http.Request.ContentType!, body.ToArray(), Epoch: http.Request.Headers["Ledger-Epoch"].ToString());
        delivery = delivery with { Answered = Answer(delivery) };
        _all.Enqueue(delivery);
        http.Response.StatusCode = delivery.Answered;
        await http.Response.WriteAsync(delivery.Answered < 300 ? "" : "No, thank you.");
    }
}

/// <summary>One received request.</summary>
internal sealed record Delivery(
    string Id, string Timestamp, string Signature, string ContentType, byte[] Body, int Answered = 0, string Epoch = "")
{
    public JsonElement Event => JsonDocument.Parse(Body).RootElement;

    public string Type => Event.GetProperty("type").GetString()!;

    public string Account => Event.GetProperty("subject").GetString()!;

    public long Position => long.Parse(Event.GetProperty("globalposition").GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Verifies the signature by the Standard Webhooks 1.0 specification, without code of the bank.</summary>
    public bool IsSignedWith(string secret)
    {
        var content = Encoding.UTF8.GetBytes($"{Id}.{Timestamp}.{Encoding.UTF8.GetString(Body)}");
        var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), content));
        return Signature.Split(' ').Contains(expected);
    }
}
