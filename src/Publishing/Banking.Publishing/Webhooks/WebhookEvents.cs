namespace Banking.Publishing.Webhooks;

/// <summary>Somebody's endpoint gets events from here on.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Types">Types of published event, apart by a space; absent for all.</param>
/// <param name="Accounts">Accounts, acc_…, apart by a space; absent for all.</param>
/// <param name="Description">What it is for.</param>
/// <param name="From">The position of the log after which it gets them.</param>
/// <param name="Secret">Which secret signs: its name and not the secret, which is in no event.</param>
/// <param name="EffectiveAt">When it was registered.</param>
public sealed record WebhookRegistered(
    string Url, string? Types, string? Accounts, string? Description, long From, Guid Secret, DateTimeOffset EffectiveAt);

/// <summary>An endpoint is elsewhere, or gets other events, from here on.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Types">Types of published event, apart by a space; absent for all.</param>
/// <param name="Accounts">Accounts, acc_…, apart by a space; absent for all.</param>
/// <param name="Description">What it is for.</param>
/// <param name="EffectiveAt">When it was asked.</param>
public sealed record WebhookRedirected(string Url, string? Types, string? Accounts, string? Description, DateTimeOffset EffectiveAt);

/// <summary>Another secret signs; the one before signs too until its time is over.</summary>
/// <param name="Secret">Which secret signs from here on: its name and not the secret.</param>
/// <param name="OldUntil">Until when the one before signs too.</param>
/// <param name="EffectiveAt">When it was rotated.</param>
public sealed record WebhookSecretRotated(Guid Secret, DateTimeOffset OldUntil, DateTimeOffset EffectiveAt);

/// <summary>The grace of a rotation is over: the secret before it signs no more.</summary>
/// <param name="Secret">Which secret signs no more: its name and not the secret.</param>
/// <param name="EffectiveAt">When the bank ended it, at the end of the grace or soon after.</param>
public sealed record WebhookSecretRetired(Guid Secret, DateTimeOffset EffectiveAt);

/// <summary>An endpoint gets nothing more.</summary>
/// <param name="EffectiveAt">When it was removed.</param>
public sealed record WebhookRemoved(DateTimeOffset EffectiveAt);
