using System.Buffers;

namespace Banking.SharedKernel;

/// <summary>Ids as clients see them: the kind, an underscore and 32 lower-case hexadecimal digits, <c>acc_0198…</c>.</summary>
public static class PublicId
{
    internal static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>The id with its prefix.</summary>
    /// <param name="prefix">The kind, without the underscore.</param>
    /// <param name="id">The id.</param>
    /// <exception cref="ArgumentException">The prefix or the id is empty.</exception>
    public static string Format(string prefix, Guid id)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return id != Guid.Empty ? $"{prefix}_{id:n}" : throw new ArgumentException("An empty id names nothing.", nameof(id));
    }

    /// <summary>
    /// Reads exactly what <see cref="Format"/> writes. One spelling per id, so that ids may be compared and cached as text;
    /// another kind's prefix is refused, so that a transfer cannot be passed for an account. Never throws on any text.
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
