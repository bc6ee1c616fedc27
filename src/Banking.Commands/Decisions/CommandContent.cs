using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.EventStore.Json;

namespace Banking.Commands.Decisions;

/// <summary>
/// The content of a request, independent of the order and spacing of its members. A repeated command is recognised by its hash.
/// </summary>
public sealed record CommandContent(object Value, Type Type)
{
    /// <summary>
    /// Whether the content is a bus message: its members then have the names of the command and not those of the HTTP API.
    /// </summary>
    public bool IsMessage { get; init; }

    private JsonSerializerOptions Json => IsMessage ? JsonSerializerOptions.Default : ApiJson.Options;

    /// <summary>Hash of the content as it was sent.</summary>
    public string Fingerprint() => Hash(JsonSerializer.SerializeToUtf8Bytes(Value, Type, Json));

    /// <summary>Hash of the content with some members replaced, for values that can be written in more than one way.</summary>
    public string FingerprintWith(IEnumerable<KeyValuePair<string, string>> members)
    {
        var content = JsonSerializer.SerializeToNode(Value, Type, Json)!.AsObject();
        foreach (var (name, value) in members)
        {
            content[name] = value;
        }

        return Hash(Encoding.UTF8.GetBytes(content.ToJsonString(Json)));
    }

    private static string Hash(byte[] json) => Convert.ToHexStringLower(SHA256.HashData(json));
}
