using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Banking.Web.Http;

/// <summary>
/// Reads a command's body once, before the endpoint does: bounded, strict, and with an answer that names the member that is wrong
/// (<see cref="BodyErrors"/>).
/// Runs after authorization, so that nobody unknown makes the host read anything.
/// </summary>
public static class StrictBody
{
    /// <summary>More than any one command needs.</summary>
    public const int LargestBytes = 64 * 1024;

    private static readonly object CommandKey = new();

    /// <summary>What was asked.</summary>
    public static CommandContent Content(HttpContext http) => http.Items[CommandKey] is { } command
        ? new(command, command.GetType())
        : throw new InvalidOperationException("The endpoint declares no request body, so there is nothing to recognise a repeat by.");

    public static async Task Middleware(HttpContext http, Func<Task> next)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(next);
        var type = http.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        if (type is null || HttpMethods.IsGet(http.Request.Method))
        {
            await next();
            return;
        }

        var endpoint = http.GetEndpoint()!;
        var (bytes, problem) = await ReadAsync(http.Request, endpoint);
        object? command = null;
        if (problem is null)
        {
            (command, problem) = Parse(bytes!, type);
        }

        if (problem is not null)
        {
            await http.WriteProblemAsync(problem);
            return;
        }

        http.Items[CommandKey] = command;
        http.Request.Body = new MemoryStream(bytes!, writable: false);
        http.Request.ContentLength = bytes!.Length;
        await next();
    }

    private static (object? Command, Refusal? Problem) Parse(byte[] bytes, Type type)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type, ApiJson.Options) is { } command ? (command, null) : (null, BodyErrors.Null);
        }
        catch (JsonException failure)
        {
            return (null, BodyErrors.Of(failure));
        }
    }

    /// <summary>The answer to a body that is larger than the endpoint takes.</summary>
    public static Refusal TooLarge(Endpoint? endpoint)
    {
        var limit = endpoint is null ? LargestBytes : LimitOf(endpoint);
        return Refusal.Of(
            "body_too_large", StatusCodes.Status413PayloadTooLarge, $"The body is at most {limit} bytes here.", ("limit", limit));
    }

    private static int LimitOf(Endpoint endpoint) =>
        (int)(endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? LargestBytes);

    private static async Task<(byte[]? Bytes, Refusal? Problem)> ReadAsync(HttpRequest request, Endpoint endpoint)
    {
        var largest = LimitOf(endpoint);
        if (request.ContentLength > largest)
        {
            return (null, TooLarge(endpoint));
        }

        using var buffer = new MemoryStream((int)(request.ContentLength ?? 512));
        var chunk = new byte[4096];
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(chunk, request.HttpContext.RequestAborted)) > 0)
            {
                // What a Content-Encoding unpacks to counts, and not what was sent.
                if (buffer.Length + read > largest)
                {
                    return (null, TooLarge(endpoint));
                }

                buffer.Write(chunk, 0, read);
            }
        }
        catch (BadHttpRequestException refused) when (refused.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, TooLarge(endpoint));
        }
        catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException)
        {
            // The framework's decompression reads as the body does; gzip and Brotli say in different ways that a body is neither.
            return (null, Problems.Malformed("malformed_content_encoding", "The body is not what its Content-Encoding says."));
        }

        return (buffer.ToArray(), null);
    }
}
