using Banking.Commands.Groups;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Publishing.Webhooks;

/// <summary>A webhook endpoint that receives published events.</summary>
/// <param name="Types">Types of published events; null for all types.</param>
/// <param name="Accounts">Accounts, acc_…; null for all accounts.</param>
/// <param name="From">Events after this position of the log are delivered.</param>
/// <param name="Secret">The id of the <see cref="WebhookSecret"/> that signs.</param>
/// <param name="OldSecret">The former secret, which also signs until <paramref name="OldSecretUntil"/>.</param>
public sealed record Webhook(
    Guid Id,
    long Version,
    DateTimeOffset RecordedAt,
    string Url,
    IReadOnlyList<string>? Types,
    IReadOnlyList<string>? Accounts,
    string? Description,
    long From,
    Guid Secret,
    DateTimeOffset RegisteredAt,
    Guid? OldSecret = null,
    DateTimeOffset? OldSecretUntil = null,
    DateTimeOffset? RemovedAt = null) : IEventSourced<Webhook>
{
    /// <summary>The prefix of its public id.</summary>
    public const string Prefix = "whk";

    internal const string StreamTypeName = "webhook";

    public static string StreamType => StreamTypeName;

    public static bool IsIndexed => true;

    public string PublicName => PublicId.Format(Prefix, Id);

    /// <summary>The name of its publisher.</summary>
    public string Destination => DestinationOf(Id);

    internal static string DestinationOf(Guid id) => $"{WebhookSource.Kind}:{PublicId.Format(Prefix, id)}";

    /// <summary>The id of the webhook that a destination delivers to; null if it is not a webhook.</summary>
    internal static Guid? IdOfDestination(string name) =>
        name.StartsWith(WebhookSource.Kind + ":", StringComparison.Ordinal)
        && PublicId.TryParse(Prefix, name[(WebhookSource.Kind.Length + 1)..], out var id)
            ? id
            : null;

    /// <summary>The ids of the secrets that sign at an instant, the newest first.</summary>
    public IReadOnlyList<Guid> SecretsAt(DateTimeOffset now) => OldSecret is { } old && OldSecretUntil > now ? [Secret, old] : [Secret];

    /// <summary>Selects the webhooks that are not removed.</summary>
    internal static StateSearch NotRemoved
    {
        get
        {
            var search = new StateSearch();
            search.AddByData("d.data ->> 'removedAt' is null");
            return search;
        }
    }

    public static Webhook Fold(Webhook? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, WebhookRegistered e) => new Webhook(
                id, 0, recordedAt, e.Url, Split(e.Types), Split(e.Accounts), e.Description, e.From, e.Secret, e.EffectiveAt),
            ({ RemovedAt: null }, WebhookRedirected e) => state with
            {
                Url = e.Url,
                Types = Split(e.Types),
                Accounts = Split(e.Accounts),
                Description = e.Description,
            },
            ({ RemovedAt: null }, WebhookSecretRotated e) => state with
            {
                Secret = e.Secret,
                OldSecret = state.Secret,
                OldSecretUntil = e.OldUntil,
            },
            ({ RemovedAt: null }, WebhookSecretRetired e) when state.OldSecret == e.Secret => state with
            {
                OldSecret = null,
                OldSecretUntil = null,
            },
            ({ RemovedAt: null }, WebhookRemoved e) => state with { RemovedAt = e.EffectiveAt },
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {state?.ToString() ?? "nothing"} in webhook {id}."),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt };
    }

    /// <summary>Joins names to one text, so that events are compared by value.</summary>
    internal static string? Join(IReadOnlyList<string>? names) => names is null ? null : string.Join(' ', names);

    private static string[]? Split(string? names) => names?.Split(' ');
}

/// <summary>Stores each webhook as the fold of its stream.</summary>
public sealed partial class WebhookProjection : SingleStreamProjection<Webhook, Guid>
{
    public WebhookProjection()
    {
        // Without this list Marten's own append and its rebuilds pass the events of every other stream too.
        IncludeType<WebhookRegistered>();
        IncludeType<WebhookRedirected>();
        IncludeType<WebhookSecretRotated>();
        IncludeType<WebhookSecretRetired>();
        IncludeType<WebhookRemoved>();
    }

    public override Webhook? Evolve(Webhook? snapshot, Guid id, IEvent e)
    {
        return Webhook.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
