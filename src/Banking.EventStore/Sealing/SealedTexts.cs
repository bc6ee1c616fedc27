using System.Collections.Concurrent;
using System.Text.Json;
using Banking.EventStore.Keys;
using Banking.EventStore.Versions;
using Banking.SharedKernel;

namespace Banking.EventStore.Sealing;

/// <summary>Seals and opens texts under the text key of the bank (docs/decisions/0085).</summary>
public sealed class SealedTexts(TextKeys keys, EventVersions versions)
{
    /// <summary>The day since which releases read sealed texts.</summary>
    public static readonly DateOnly Since = new(2026, 12, 1);

    private readonly ConcurrentDictionary<JsonSerializerOptions, JsonSerializerOptions> _options = [];

    /// <summary>Whether this host seals what it stores. Otherwise it writes what earlier releases read.</summary>
    public bool IsWritten => versions.Writes(Since);

    /// <exception cref="KeyUnavailableException">The key cannot be used.</exception>
    public string Seal(string purpose, byte[] plain) => keys.Current().Seal(purpose, plain);

    /// <exception cref="KeyUnavailableException">The key cannot be used.</exception>
    /// <exception cref="DamagedTextException">The text was changed, or is something else.</exception>
    public byte[] Open(string purpose, string text)
    {
        return keys.Find(TextKey.IdOf(text) ?? throw new DamagedTextException()).Open(purpose, text);
    }

    /// <summary>
    /// Finds why a value cannot be stored now, before its command joins a group: there it would fail the commands of others. A value that
    /// was read sealed is stored as the same text, and needs no key.
    /// </summary>
    public async ValueTask<KeyUnavailableException?> FindProblemAsync<T>(T? value, CancellationToken ct)
        where T : class, ISealable<T>
    {
        try
        {
            if (value is not null && !IsWritten)
            {
                // Earlier releases read it plain, so it is opened.
                _ = value.ToPlain();
            }
            else if (value is { Sealed: null })
            {
                await keys.CurrentAsync(ct);
            }

            return null;
        }
        catch (KeyUnavailableException failure)
        {
            return failure;
        }
    }

    /// <summary>The same options, but values that can be sealed are written sealed, and read sealed or plain.</summary>
    public JsonSerializerOptions Extend(JsonSerializerOptions options) => _options.GetOrAdd(options, plain =>
    {
        var extended = new JsonSerializerOptions(plain);
        extended.Converters.Insert(0, new SealedValues(this) { ReadsPlain = true });
        return extended;
    });
}
