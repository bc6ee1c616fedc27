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
    /// <summary>Makes a page from one item more than it holds: the additional item shows that there is a next page.</summary>
    public static Page<T> Of(IReadOnlyList<T> itemsAndNext, int limit, Func<T, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(itemsAndNext);
        ArgumentNullException.ThrowIfNull(cursor);
        return itemsAndNext.Count <= limit
            ? new(itemsAndNext, null)
            : new([.. itemsAndNext.Take(limit)], Paging.Encode(cursor(itemsAndNext[limit - 1])));
    }
}

/// <summary>The start and size of a page. Keyset paging: a page does not change when items are added.</summary>
public sealed record Paging(int Limit, string? After)
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 500;

    public static (Paging? Paging, Refusal? Problem) Read(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var limit = DefaultLimit;
        if (request.Query.TryGetValue("limit", out var text)
            && (!Exact.TryInt(text, out limit) || limit is < 1 or > MaxLimit))
        {
            return (null, Refusal.Malformed("malformed_limit", $"limit must be 1 to {MaxLimit}."));
        }

        if (!request.Query.TryGetValue("cursor", out var cursor))
        {
            return (new(limit, null), null);
        }

        return Decode(cursor.ToString()) is { } after
            ? (new(limit, after), null)
            : (null, Malformed);
    }

    /// <summary>The refusal of a cursor that this bank did not give.</summary>
    public static Refusal Malformed => Refusal.Malformed("malformed_cursor", "cursor must be a value that nextCursor gave.");

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
