using System.ComponentModel.DataAnnotations;

namespace Banking.Publishing.Contracts;

/// <summary>
/// The bank's database was restored to an older state. Drop all events of former epochs from the first position on: the bank no longer has
/// them. Each reader gets this event, whatever its filter.
/// </summary>
/// <param name="Epoch">The epoch that began; later events have it.</param>
/// <param name="FormerEpoch">The epoch before it.</param>
/// <param name="FirstPosition">The first position that may stand for another event than in the former epoch.</param>
public sealed record LogRestoredV1(
    [RegularExpression("^[0-9a-f]{32}$")] string Epoch, [RegularExpression("^[0-9a-f]{32}$")] string FormerEpoch, long FirstPosition);
