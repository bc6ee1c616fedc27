using System.Security.Cryptography;
using System.Text.Json;
using Banking.Platform.Commands;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Banking.Platform.Http;

/// <summary>
/// Reads a command's body once, before the endpoint does: bounded, strict, and with an answer that names the member that is wrong.
/// Runs after authorization, so that nobody unknown makes the host read anything.
/// </summary>
public static class StrictBody
{
    /// <summary>More than any one command needs.</summary>
    public const int LargestBytes = 64 * 1024;

    private static readonly object CommandKey = new();

    /// <summary>Hash of what was asked, whatever the order and spacing of its members.</summary>
    public static string Fingerprint(HttpContext http) => http.Items[CommandKey] is { } command
        ? FingerprintOf(command, command.GetType())
        : throw new InvalidOperationException("The endpoint declares no request body, so there is nothing to recognise a repeat by.");

    /// <summary>The same for a command that came within a body.</summary>
    public static string FingerprintOf(object command, Type type) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(command, type, ApiJson.Options)));

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

        if (!http.Request.HasJsonContentType())
        {
            await http.WriteProblemAsync(Problems.Malformed("unsupported_media_type", "Send application/json.", status: 415));
            return;
        }

        var largest = (int)(http.GetEndpoint()!.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? LargestBytes);
        if (await ReadAsync(http.Request, largest) is not { } bytes)
        {
            await http.WriteProblemAsync(Problems.Malformed("body_too_large", $"The body is at most {largest} bytes here.", status: 413));
            return;
        }

        var (command, problem) = Parse(bytes, type);
        if (problem is not null)
        {
            await http.WriteProblemAsync(problem);
            return;
        }

        http.Items[CommandKey] = command;
        http.Request.Body = new MemoryStream(bytes, writable: false);
        http.Request.ContentLength = bytes.Length;
        await next();
    }

    private static (object? Command, Refusal? Problem) Parse(byte[] bytes, Type type)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type, ApiJson.Options) is { } command
                ? (command, null)
                : (null, Problems.Malformed("malformed_json", "The body is null; an object is expected.", "#"));
        }
        catch (JsonException e)
        {
            return (null, Problems.Malformed("malformed_json", Explain(e), "#" + Pointer(e.Path)));
        }
    }

    private static string Explain(JsonException e)
    {
        // The serializer's own sentence ends in its path and line, and names our types: only what says nothing of the inside goes out.
        var message = e.Message;
        var cut = message.IndexOf(" Path: ", StringComparison.Ordinal);
        message = cut < 0 ? message : message[..cut];
        bool Says(string words) => message.Contains(words, StringComparison.Ordinal);
        return message switch
        {
            _ when Says("could not be mapped to any .NET member") => "There is no such member.",
            _ when Says("Duplicate property") => "The member is there twice.",
            _ when Says("doesn't allow null values") => "The member must not be null.",
            _ when Says("missing required properties") =>
                "Required members are missing: " + message[(message.LastIndexOf(':') + 1)..].Trim().TrimEnd('.') + ".",
            _ when Says("could not be converted to") || Says(nameof(Banking) + ".") || Says(nameof(System) + ".") =>
                "The value has the wrong type or is not one of those allowed.",
            _ => message,
        };
    }

    /// <summary>The serializer speaks JSONPath ($.amount.value), callers are told a JSON pointer (/amount/value).</summary>
    private static string Pointer(string? path) =>
        path is null or "$" ? "" : path.TrimStart('$').Replace('.', '/').Replace("[", "/", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);

    private static async Task<byte[]?> ReadAsync(HttpRequest request, int largest)
    {
        if (request.ContentLength > largest)
        {
            return null;
        }

        using var buffer = new MemoryStream((int)(request.ContentLength ?? 512));
        var chunk = new byte[4096];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, request.HttpContext.RequestAborted)) > 0)
        {
            if (buffer.Length + read > largest)
            {
                return null;
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }
}
