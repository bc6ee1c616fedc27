namespace Banking.ReadModels.Books;

/// <summary>Stored data that differs from the log, or a part of the log that contradicts itself.</summary>
/// <param name="Model">The read model, or the other data that was compared: log, receipts, refusals and so on.</param>
/// <param name="Table">The table, by its plain name.</param>
/// <param name="Stream">The stream that the row belongs to; null for a row of sums.</param>
/// <param name="Expected">The row that the log gives, as JSON; null if there should be none.</param>
/// <param name="Found">The stored row, as JSON; null if it is missing.</param>
/// <param name="Id">The id of a row that has one of its own, such as a receipt or a due command.</param>
public sealed record Difference(string Model, string Table, Guid? Stream, string? Expected, string? Found, Guid? Id = null)
{
    /// <summary>Identifies the data where stream and id do not, such as the key of a sum. Null where they do.</summary>
    public string? Key { get; init; }
}
