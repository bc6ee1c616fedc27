using System.Buffers.Text;
using System.Text;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>A page of a list.</summary>
/// <param name="NextCursor">Opaque; absent on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    /// <summary>From one item more than the page holds, which tells whether there is a next page.</summary>
    public static Page<T> Of(IReadOnlyList<T> itemsAndOne, int limit, Func<T, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(itemsAndOne);
        ArgumentNullException.ThrowIfNull(cursor);
        return itemsAndOne.Count <= limit
            ? new(itemsAndOne, null)
            : new([.. itemsAndOne.Take(limit)], Paging.Encode(cursor(itemsAndOne[limit - 1])));
    }
}

/// <summary>Where a page begins and how long it is: keyset, so that a page stays what it was when something is added.</summary>
public sealed record Paging(int Limit, string? After)
{
    private const int Default = 50;
    private const int Most = 500;

    public static (Paging? Paging, Refusal? Problem) Read(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var limit = Default;
        if (request.Query.TryGetValue("limit", out var text)
            && (!Exact.TryInt(text, out limit) || limit is < 1 or > Most))
        {
            return (null, Problems.Malformed("malformed_limit", $"limit is 1 to {Most}."));
        }

        if (!request.Query.TryGetValue("cursor", out var cursor))
        {
            return (new(limit, null), null);
        }

        return Decode(cursor.ToString()) is { } after
            ? (new(limit, after), null)
            : (null, Malformed);
    }

    /// <summary>The answer to a cursor that this bank did not give.</summary>
    public static Refusal Malformed => Problems.Malformed("malformed_cursor", "A cursor is passed on as it was given in nextCursor.");

    public static string Encode(string cursor) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(cursor));

    private static string? Decode(string cursor)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(cursor.Length)];
        return cursor.Length is > 0 and < 200
            && Base64Url.IsValid(cursor)
            && Base64Url.TryDecodeFromChars(cursor, bytes, out var written)
            ? Encoding.UTF8.GetString(bytes, 0, written)
            : null;
    }
}
