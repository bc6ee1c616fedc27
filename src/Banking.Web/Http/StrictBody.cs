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
    public static CommandContent Content(HttpContext http) => http.Items[CommandKey] is { } command
        ? new(command, command.GetType())
        : throw new InvalidOperationException("The endpoint declares no request body, so a repeated request cannot be recognised.");

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

    /// <summary>Returns the command, or the problem of the body.</summary>
    public static (object? Command, Refusal? Problem) Parse(ReadOnlySpan<byte> body, Type type)
    {
        try
        {
            return JsonSerializer.Deserialize(body, type, ApiJson.Options) is { } command ? (command, null) : (null, BodyErrors.Null);
        }
        catch (JsonException)
        {
            return (null, BodyErrors.Of(body, type));
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

    private static async Task<(byte[]? Bytes, Refusal? Problem)> ReadAsync(HttpRequest request, Endpoint endpoint)
    {
        var limit = LimitOf(endpoint);
        if (request.ContentLength > limit)
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
                // The decompressed size counts, not the size sent.
                if (buffer.Length + read > limit)
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
            // The framework decompresses while the body is read; gzip and Brotli throw different exceptions for an invalid body.
            return (null, Refusal.Malformed("malformed_content_encoding", "The body does not match its Content-Encoding."));
        }

        return (buffer.ToArray(), null);
    }
}
