namespace Banking.ReadModels.Books;

/// <summary>Something stored that is not what the log says, or a part of the log that contradicts itself.</summary>
/// <param name="Model">The read model, or whatever else was compared: log, receipts, refusals …</param>
/// <param name="Table">The table, by its plain name.</param>
/// <param name="Stream">The stream whose row it is; null for a row of sums.</param>
/// <param name="Expected">The row as the log makes it, JSON; null where there should be none.</param>
/// <param name="Found">The row that is there, JSON; null where it is missing.</param>
/// <param name="Id">The id of what is not found by a stream, such as a receipt.</param>
public sealed record Difference(string Model, string Table, Guid? Stream, string? Expected, string? Found, Guid? Id = null);
