using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Publishing.Webhooks;

/// <summary>A webhook as lists show it: owner, address and filters.</summary>
/// <param name="Owner">The caller who registered it.</param>
public sealed record WebhookOverview(
    Guid Id,
    string? Owner,
    long Version,
    string Url,
    IReadOnlyList<string>? Types,
    IReadOnlyList<string>? Accounts,
    string? Description,
    long From,
    DateTimeOffset RegisteredAt,
    DateTimeOffset? RemovedAt)
{
    internal static WebhookOverview Of(Webhook w, string? owner) =>
        new(w.Id, owner, w.Version, w.Url, w.Types, w.Accounts, w.Description, w.From, w.RegisteredAt, w.RemovedAt);

    /// <summary>The webhook without its secrets, so that both documents share one fold.</summary>
    internal Webhook WithoutSecrets() =>
        new(Id, Version, RegisteredAt, Url, Types, Accounts, Description, From, Guid.Empty, RegisteredAt, RemovedAt: RemovedAt);
}

/// <summary>Projection of the overview of webhooks.</summary>
public sealed partial class WebhookOverviews : SingleStreamProjection<WebhookOverview, Guid>
{
    public const string ModelName = "webhook-overview";

    public WebhookOverviews()
    {
        Name = ModelName;
        IncludeType<WebhookRegistered>();
        IncludeType<WebhookRedirected>();
        IncludeType<WebhookSecretRotated>();
        IncludeType<WebhookRemoved>();
    }

    public override WebhookOverview? Evolve(WebhookOverview? snapshot, Guid id, IEvent e)
    {
        return WebhookOverview.Of(
            Webhook.Fold(snapshot?.WithoutSecrets(), id, e.Data, e.Timestamp), snapshot is null ? e.UserName : snapshot.Owner);
    }
}
