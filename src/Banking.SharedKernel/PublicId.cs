using System.Buffers;

namespace Banking.SharedKernel;

/// <summary>Ids for clients: a prefix for the kind, an underscore and 32 lower-case hexadecimal digits, <c>acc_0198…</c>.</summary>
public static class PublicId
{
    internal static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Adds the prefix to the id.</summary>
    /// <param name="prefix">The kind, without the underscore.</param>
    /// <param name="id">The id.</param>
    /// <exception cref="ArgumentException">The prefix or the id is empty.</exception>
    public static string Format(string prefix, Guid id)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return id != Guid.Empty ? $"{prefix}_{id:n}" : throw new ArgumentException("The id is empty.", nameof(id));
    }

    /// <summary>
    /// Parses the form that <see cref="Format"/> writes. Each id has one spelling, so that ids can be compared and cached as text. Another
    /// prefix is refused, so that the id of a transfer is not accepted as one of an account. Never throws.
    /// </summary>
    public static bool TryParse(string prefix, string? text, out Guid id)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        id = default;
        return text is not null
            && text.Length == prefix.Length + 33
            && text.StartsWith(prefix, StringComparison.Ordinal)
            && text[prefix.Length] == '_'
            && Exact.TryId(text.AsSpan(prefix.Length + 1), out id)
            && id != Guid.Empty;
    }
}
