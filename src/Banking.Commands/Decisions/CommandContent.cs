using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.EventStore.Json;

namespace Banking.Commands.Decisions;

/// <summary>What a request asks for, whatever the order and spacing of its members: what a repeat is recognised by.</summary>
public sealed record CommandContent(object Value, Type Type)
{
    /// <summary>Whether it is a message, whose members have the names of the command, and not a request.</summary>
    public bool IsMessage { get; init; }

    private JsonSerializerOptions Json => IsMessage ? JsonSerializerOptions.Default : ApiJson.Options;

    /// <summary>Hash of the content as it was sent.</summary>
    public string Fingerprint() => Hash(JsonSerializer.SerializeToUtf8Bytes(Value, Type, Json));

    /// <summary>Hash of the content with other values for some of its members, for values that have more than one spelling.</summary>
    public string FingerprintWith(IEnumerable<KeyValuePair<string, string>> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        var content = JsonSerializer.SerializeToNode(Value, Type, Json)!.AsObject();
        foreach (var (name, value) in members)
        {
            content[name] = value;
        }

        return Hash(Encoding.UTF8.GetBytes(content.ToJsonString(Json)));
    }

    private static string Hash(byte[] json) => Convert.ToHexStringLower(SHA256.HashData(json));
}
