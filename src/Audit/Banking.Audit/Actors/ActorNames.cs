using System.Text;
using Banking.EventStore.Keys;

namespace Banking.Audit.Actors;

/// <summary>
/// Seals the names of actors. A sealed name contains its actor, so that it opens in the row of that actor only. Earlier versions sealed the
/// name alone: such a name is still opened, and is replaced when the actor is seen again.
/// </summary>
internal sealed class ActorNames(CheckedWrapping wrapping)
{
    /// <summary>Begins the stored text, so that a host of an earlier version does not show actor and name as a name.</summary>
    private const string Prefix = "actor-name.v2:";

    /// <summary>Begins the sealed bytes. No actor or name in the database contains a zero byte.</summary>
    private static readonly byte[] Mark = [0, .. "actor-name.v2"u8, 0];

    /// <exception cref="KeyUnavailableException">The name cannot be wrapped.</exception>
    public async Task<WrappedKey> SealAsync(string actor, string name, CancellationToken ct)
    {
        var wrapped = await wrapping.WrapAsync([.. BeginningOf(actor), .. Encoding.UTF8.GetBytes(name)], ct);
        return wrapped with { Text = Prefix + wrapped.Text };
    }

    /// <returns>Null if the name was sealed for another actor.</returns>
    /// <exception cref="KeyUnavailableException">The key that wrapped it is not there, or the text was changed.</exception>
    public async Task<string?> OpenAsync(string actor, WrappedKey name, CancellationToken ct)
    {
        var (opened, beginning) = (await wrapping.UnwrapAsync(Unmarked(name), ct), BeginningOf(actor));
        return opened.AsSpan().StartsWith(beginning) ? Encoding.UTF8.GetString(opened, beginning.Length, opened.Length - beginning.Length)
            : IsMarked(name) || opened.AsSpan().StartsWith(Mark) ? null
            : Encoding.UTF8.GetString(opened);
    }

    /// <summary>Wraps what was sealed again, under the newest key.</summary>
    /// <exception cref="KeyUnavailableException">It cannot be unwrapped or wrapped.</exception>
    public async Task<WrappedKey> WrapAgainAsync(WrappedKey name, CancellationToken ct)
    {
        var wrapped = await wrapping.WrapAsync(await wrapping.UnwrapAsync(Unmarked(name), ct), ct);
        return IsMarked(name) ? wrapped with { Text = Prefix + wrapped.Text } : wrapped;
    }

    private static byte[] BeginningOf(string actor) => [.. Mark, .. Encoding.UTF8.GetBytes(actor), 0];

    private static bool IsMarked(WrappedKey name) => name.Text.StartsWith(Prefix, StringComparison.Ordinal);

    private static WrappedKey Unmarked(WrappedKey name) => IsMarked(name) ? name with { Text = name.Text[Prefix.Length..] } : name;
}
