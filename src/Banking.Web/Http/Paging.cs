using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Banking.Commands.Decisions;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>A page of a list.</summary>
/// <param name="NextCursor">Opaque; absent on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    /// <summary>Makes a page from one item more than it holds: the additional item shows that there is a next page.</summary>
    public static Page<T> Of(IReadOnlyList<T> itemsAndNext, Paging paging, Func<T, string> cursor)
    {
        return itemsAndNext.Count <= paging.Limit
            ? new(itemsAndNext, null)
            : new([.. itemsAndNext.Take(paging.Limit)], paging.Encode(cursor(itemsAndNext[paging.Limit - 1])));
    }
}

/// <summary>
/// The start and size of a page. Keyset paging: a page does not change when items are added. A cursor belongs to its list and its filters.
/// In another list it would be an arbitrary place, and the answer could look like the last page.
/// </summary>
/// <param name="List">Identifies the list and its filters.</param>
public sealed record Paging(int Limit, string? After, string List)
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 500;
    private const int ListLength = 8;

    /// <summary>The longest place in a list: of a candidate's differences, with a separator. Other places are ids, days, numbers.</summary>
    private const int MaxPlaceBytes = CandidateDifferences.MaxPlaceBytes + 1;

    private static readonly int MaxCursorLength = Base64Url.GetEncodedLength(ListLength + MaxPlaceBytes);

    public static (Paging? Paging, Refusal? Problem) Read(HttpRequest request)
    {
        var limit = DefaultLimit;
        if (request.Query.TryGetValue("limit", out var text)
            && (!Exact.TryInt(text, out limit) || limit is < 1 or > MaxLimit))
        {
            return (null, Refusal.Malformed("malformed_limit", $"limit must be 1 to {MaxLimit}."));
        }

        var list = ListOf(request);
        if (!request.Query.TryGetValue("cursor", out var cursor))
        {
            return (new(limit, null, list), null);
        }

        return Decode(cursor.ToString()) is { } decoded && decoded.StartsWith(list, StringComparison.Ordinal)
            ? (new(limit, decoded[ListLength..], list), null)
            : (null, Malformed);
    }

    /// <summary>Reads the page of a list whose cursors are ids.</summary>
    /// <param name="start">The place of the first page.</param>
    public static (Paging? Paging, Guid After, Refusal? Problem) ReadIds(HttpRequest request, Guid start)
    {
        var (paging, problem) = Read(request);
        var after = start;
        return problem is null && paging!.After is not null && !Exact.TryId(paging.After, out after)
            ? (null, start, Malformed)
            : (paging, after, problem);
    }

    /// <summary>Reads the page of a list whose cursors are numbers, such as positions.</summary>
    /// <param name="start">The place of the first page.</param>
    public static (Paging? Paging, long After, Refusal? Problem) ReadNumbers(HttpRequest request, long start)
    {
        var (paging, problem) = Read(request);
        var after = start;
        return problem is null && paging!.After is not null && !Exact.TryNumber(paging.After, out after)
            ? (null, start, Malformed)
            : (paging, after, problem);
    }

    /// <summary>The refusal of a cursor that this list did not give.</summary>
    public static Refusal Malformed =>
        Refusal.Malformed("malformed_cursor", "cursor must be a value that nextCursor of this list gave, with the same filters.");

    /// <exception cref="ArgumentException">The cursor is longer than any that is accepted.</exception>
    public string Encode(string cursor) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(List + cursor)) is var encoded
        && encoded.Length <= MaxCursorLength
            ? encoded
            : throw new ArgumentException($"A cursor has at most {MaxPlaceBytes} bytes.", nameof(cursor));

    /// <summary>A hash of the path and of all parameters except those of paging. The order of parameters has no meaning.</summary>
    private static string ListOf(HttpRequest request)
    {
        var filters = request.Query
            .Where(p => p.Key is not ("limit" or "cursor"))
            .OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => $"{p.Key}={p.Value}");
        var list = request.Path.Value + "?" + string.Join('&', filters);
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(list)))[..ListLength];
    }

    private static string? Decode(string cursor)
    {
        if (cursor.Length > MaxCursorLength)
        {
            return null;
        }

        var bytes = new byte[Base64Url.GetMaxDecodedLength(cursor.Length)];
        return cursor.Length > 0
            && Base64Url.IsValid(cursor)
            && Base64Url.TryDecodeFromChars(cursor, bytes, out var written)
            // PostgreSQL has no text with NUL, so no list gave it.
            && !bytes.AsSpan(0, written).Contains((byte)0)
                ? Encoding.UTF8.GetString(bytes, 0, written)
                : null;
    }
}
