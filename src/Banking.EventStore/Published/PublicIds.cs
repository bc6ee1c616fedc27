using System.Text.Json.Nodes;

namespace Banking.EventStore.Published;

/// <summary>Which members of a module's stored events are ids, and the prefixes of their public form.</summary>
/// <param name="Events">The beginning of the names of these events, such as <c>accounts.</c></param>
/// <param name="Members">
/// The prefix by the path of the member, such as <c>other.id</c>. It may depend on the object that has the member.
/// </param>
public sealed record PublicIds(string Events, IReadOnlyDictionary<string, Func<JsonObject, string>> Members)
{
    /// <summary>
    /// Members with the id of a stream of any kind: its prefix is that of the stream's kind (<see cref="PublicStream"/>). An event has one
    /// of them at most.
    /// </summary>
    public IReadOnlyList<string> OfAnyStream { get; init; } = [];

    public static PublicIds Of(string events, params (string Path, string Prefix)[] members) =>
        new(events, members.ToDictionary(m => m.Path, m => (Func<JsonObject, string>)(_ => m.Prefix)));

    /// <summary>Adds a member whose prefix depends on the object that has it.</summary>
    public PublicIds With(string path, Func<JsonObject, string> prefix) =>
        this with { Members = Members.Append(KeyValuePair.Create(path, prefix)).ToDictionary() };
}

/// <summary>The prefix of the public ids of a kind of stream.</summary>
/// <param name="StreamType">The stored type of these streams.</param>
public sealed record PublicStream(string StreamType, string Prefix);
