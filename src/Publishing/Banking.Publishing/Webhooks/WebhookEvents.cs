namespace Banking.Publishing.Webhooks;

/// <summary>A webhook endpoint was registered.</summary>
/// <param name="Url">The address.</param>
/// <param name="Types">Types of published events, separated by spaces; absent for all types.</param>
/// <param name="Accounts">Accounts, acc_…, separated by spaces; absent for all accounts.</param>
/// <param name="Description">The purpose of the endpoint.</param>
/// <param name="From">Events after this position of the log are delivered.</param>
/// <param name="Secret">The id of the signing secret; the secret itself is in no event.</param>
/// <param name="EffectiveAt">When the endpoint was registered.</param>
public sealed record WebhookRegistered(
    string Url, string? Types, string? Accounts, string? Description, long From, Guid Secret, DateTimeOffset EffectiveAt)
{
    /// <summary>
    /// The permanent stored name of the event. If a later version gets another, <see cref="WebhookLimits"/> must count both.
    /// </summary>
    internal const string Name = "publishing.webhook-registered.v1";
}

/// <summary>The address or the filters of a webhook endpoint were changed.</summary>
/// <param name="Url">The address.</param>
/// <param name="Types">Types of published events, separated by spaces; absent for all types.</param>
/// <param name="Accounts">Accounts, acc_…, separated by spaces; absent for all accounts.</param>
/// <param name="Description">The purpose of the endpoint.</param>
/// <param name="EffectiveAt">When the change was requested.</param>
public sealed record WebhookRedirected(string Url, string? Types, string? Accounts, string? Description, DateTimeOffset EffectiveAt);

/// <summary>The signing secret was rotated; the old secret also signs until its grace period ends.</summary>
/// <param name="Secret">The id of the new signing secret, not the secret itself.</param>
/// <param name="OldUntil">The end of the old secret's grace period.</param>
/// <param name="EffectiveAt">When the secret was rotated.</param>
public sealed record WebhookSecretRotated(Guid Secret, DateTimeOffset OldUntil, DateTimeOffset EffectiveAt);

/// <summary>The grace period of a rotation ended: the old secret no longer signs.</summary>
/// <param name="Secret">The id of the old secret, not the secret itself.</param>
/// <param name="EffectiveAt">When the bank ended the grace period: at its end or soon after.</param>
public sealed record WebhookSecretRetired(Guid Secret, DateTimeOffset EffectiveAt);

/// <summary>A webhook endpoint was removed.</summary>
/// <param name="EffectiveAt">When the endpoint was removed.</param>
public sealed record WebhookRemoved(DateTimeOffset EffectiveAt)
{
    /// <summary>
    /// The permanent stored name of the event, which is the last of its webhook. If a later version gets another name, the queries that
    /// look for removals must look for both.
    /// </summary>
    internal const string Name = "publishing.webhook-removed.v1";
}
