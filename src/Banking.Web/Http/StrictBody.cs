using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Banking.Web.Http;

/// <summary>
/// Reads a command's body once, before the endpoint: with a size limit, strictly, and with errors that name the wrong member
/// (<see cref="BodyErrors"/>). Runs after authorization, so that unknown callers cannot make the host read a body.
/// </summary>
public static class StrictBody
{
    /// <summary>The default size limit: more than any single command needs.</summary>
    public const int LargestBytes = 64 * 1024;

    private static readonly object CommandKey = new();

    /// <summary>The content of the command.</summary>
    public static CommandContent Content(HttpContext http)
    {
        var command = Body<object>(http);
        return new(command, command.GetType());
    }

    /// <summary>The body, for the endpoint (<see cref="ParsedBodyPolicy"/>). It is read and parsed once, here.</summary>
    public static T Body<T>(HttpContext http)
        where T : class
    {
        return http.Items[CommandKey] as T
            ?? throw new InvalidOperationException($"The endpoint declares no body of type {typeof(T).Name}.");
    }

    public static async Task Middleware(HttpContext http, Func<Task> next)
    {
        var type = http.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        if (type is null || HttpMethods.IsGet(http.Request.Method))
        {
            await next();
            return;
        }

        var endpoint = http.GetEndpoint()!;
        var (body, problem) = await ReadAsync(http.Request, endpoint);
        object? command = null;
        if (problem is null)
        {
            (command, problem) = Parse(body.Span, type);
        }

        if (problem is not null)
        {
            await http.WriteProblemAsync(problem);
            return;
        }

        http.Items[CommandKey] = command;
        await next();
    }

    /// <summary>Returns the command, or the problem of the body, in the form of the API.</summary>
    public static (object? Command, Refusal? Problem) Parse(ReadOnlySpan<byte> body, Type type) => Parse(body, type, ApiJson.Options);

    /// <summary>Returns the command, or the problem of the body.</summary>
    public static (object? Command, Refusal? Problem) Parse(ReadOnlySpan<byte> body, Type type, JsonSerializerOptions json)
    {
        try
        {
            return JsonSerializer.Deserialize(body, type, json) is { } command ? (command, null) : (null, BodyErrors.Null);
        }
        catch (JsonException)
        {
            return (null, BodyErrors.Of(body, type, json));
        }
    }

    /// <summary>The refusal of a body that exceeds the endpoint's limit.</summary>
    public static Refusal TooLarge(Endpoint? endpoint)
    {
        var limit = endpoint is null ? LargestBytes : LimitOf(endpoint);
        return Refusal.Of(
            RefusalKind.TooLarge, "body_too_large", $"The body must be at most {limit} bytes.", ("limit", limit));
    }

    private static int LimitOf(Endpoint endpoint) =>
        (int)(endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? LargestBytes);

    private static async Task<(ReadOnlyMemory<byte> Body, Refusal? Problem)> ReadAsync(HttpRequest request, Endpoint endpoint)
    {
        var limit = LimitOf(endpoint);
        if (request.ContentLength > limit)
        {
            return (default, TooLarge(endpoint));
        }

        using var buffer = new MemoryStream((int)(request.ContentLength ?? 512));
        var chunk = new byte[4096];
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(chunk, request.HttpContext.RequestAborted)) > 0)
            {
                // The decompressed size counts, not the size sent.
                if (buffer.Length + read > limit)
                {
                    return (default, TooLarge(endpoint));
                }

                buffer.Write(chunk, 0, read);
            }
        }
        catch (BadHttpRequestException refused) when (refused.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (default, TooLarge(endpoint));
        }
        catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException)
        {
            // The framework decompresses while the body is read; gzip and Brotli throw different exceptions for an invalid body.
            return (default, Refusal.Malformed("malformed_content_encoding", "The body does not match its Content-Encoding."));
        }

        return (buffer.GetBuffer().AsMemory(0, (int)buffer.Length), null);
    }
}
