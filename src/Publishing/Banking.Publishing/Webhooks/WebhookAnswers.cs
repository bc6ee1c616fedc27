using Banking.Commands.Decisions;
using Banking.ReadModels.Comparing;

namespace Banking.Publishing.Webhooks;

/// <summary>Makes the answers to commands on webhooks.</summary>
internal static class WebhookAnswers
{
    /// <summary>Makes them again from the log.</summary>
    public static AnswerRule<Webhook> Rule { get; } = new(command => command.First.Data is WebhookRegistered
        ? Registered(command.State, command.Now)
        : Changed(command.State, command.Now));

    public static CommandAnswer Registered(Webhook webhook, DateTimeOffset now) =>
        CommandAnswer.Created(WebhookView.Of(webhook, now), webhook.Id, $"/v1/webhooks/{webhook.PublicName}");

    public static CommandAnswer Changed(Webhook webhook, DateTimeOffset now) =>
        CommandAnswer.Changed(WebhookView.Of(webhook, now), webhook.Id);
}
