using System.Text.Json;
using Banking.Commands.Decisions;

namespace Banking.Commands.Approvals;

/// <summary>
/// What people rely on when they propose and approve a command. The approval counts only while it holds: a fact that changed, or a limit
/// that is exceeded, makes the proposal void.
/// </summary>
/// <param name="Reasons">Codes of the rules that require an approval; empty if the command could be sent directly.</param>
/// <param name="Facts">Must be the same when the proposal is approved.</param>
/// <param name="Limits">Must not be larger when the proposal is approved. A limit that is missing is zero.</param>
public sealed record CommandBasis(
    IReadOnlyList<string> Reasons, IReadOnlyDictionary<string, string> Facts, IReadOnlyDictionary<string, long> Limits)
{
    /// <summary>Reads the stored form.</summary>
    public static CommandBasis Parse(string json) =>
        JsonSerializer.Deserialize<CommandBasis>(json, CommandData.Json) ?? throw new JsonException("The basis of a proposal is null.");

    /// <summary>Makes the stored form.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CommandData.Json);

    /// <summary>Returns the names of the facts and limits that no longer hold, in order.</summary>
    /// <param name="seen">The basis when the command was proposed.</param>
    public IReadOnlyList<string> ChangedSince(CommandBasis seen)
    {
        return
        [
            .. Facts.Keys.Union(seen.Facts.Keys).Where(name => Facts.GetValueOrDefault(name) != seen.Facts.GetValueOrDefault(name))
                .Concat(Limits.Where(limit => limit.Value > seen.Limits.GetValueOrDefault(limit.Key)).Select(limit => limit.Key))
                .Order(StringComparer.Ordinal),
        ];
    }
}
