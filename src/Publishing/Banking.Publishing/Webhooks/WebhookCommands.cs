using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Published;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>Runs the commands of operators on webhooks: request checks, decision, answer.</summary>
public sealed class WebhookCommands(
    CommandRoute route,
    CommandGroup<Webhook> group,
    AddressGuard guard,
    PublicContracts contracts,
    StateReader<Webhook> states,
    TimeProvider clock)
{
    internal static Refusal NotFound => Refusal.NotFound("webhook_not_found", "There is no such webhook.");

    internal static Refusal Removed(Webhook webhook) =>
        Refusal.Conflict("webhook_removed", "The webhook was removed.", ("removedAt", webhook.RemovedAt!.Value));

    /// <summary>Registers a new webhook.</summary>
    internal Task<IResult> RegisterAsync<TCommand>(
        HttpContext http,
        CommandShape<TCommand> shape,
        TCommand command,
        string url,
        Func<Guid, WebhookSecret, Guid, DateTimeOffset, Decision> decide)
        where TCommand : class =>
        route.HttpAsync(
            http,
            shape,
            _ => (command, null),
            async (_, context, ct) =>
            {
                var id = Ids.Next(clock);
                var (secret, eventId, problem) = (
                    WebhookSecret.For(id, Ids.Next(clock)), Ids.Next(clock), await guard.ProblemAsync(url, ct));
                return await group.SubmitAsync(
                    new(
                        context,
                        [id],
                        _ => null,
                        (_, now) => problem is null ? decide(id, secret, eventId, now) : new Decision.Rejected(problem),
                        (states, _, now) => WebhookAnswers.Registered(states[id], now),
                        () => CommandData.Of(shape.Name, command)),
                    ct);
            });

    /// <summary>Changes an existing webhook.</summary>
    /// <param name="url">The new address, if the command changes it.</param>
    internal Task<IResult> ChangeAsync<TCommand>(
        HttpContext http, CommandShape<TCommand> shape, TCommand command, string webhook, string? url,
        Func<Webhook, WebhookSecret, Guid, DateTimeOffset, Decision> decide)
        where TCommand : class => route.HttpAsync(http, shape, _ => (command, null), async (_, context, ct) =>
        {
            if (!PublicId.TryParse(Webhook.Prefix, webhook, out var id))
            {
                return GroupOutcomes.Rejected(context, NotFound);
            }

            var (secret, eventId, problem) =
                (WebhookSecret.For(id, Ids.Next(clock)), Ids.Next(clock), url is null ? null : await guard.ProblemAsync(url, ct));
            return await group.SubmitAsync(
                new(
                    context, [id],
                    states => states.Find(id) is null ? new Decision.Rejected(NotFound) : null,
                    (states, now) => states[id].RemovedAt is not null ? new Decision.Refused(Removed(states[id]))
                        : problem is not null ? new Decision.Rejected(problem)
                        : decide(states[id], secret, eventId, now),
                    (states, _, now) => WebhookAnswers.Changed(states[id], now),
                    () => CommandData.Of(shape.Name, new WebhookCommand<TCommand>(webhook, command))),
                ct);
        });

    /// <summary>Ends a grace period when the bank's clock reaches its end.</summary>
    internal Task<Outcome> EndGraceAsync(EndWebhookGrace command, CommandContext context, CancellationToken ct)
    {
        var eventId = Ids.Next(clock);
        return group.SubmitAsync(
            new(
                context, [command.Webhook],
                states => states.Find(command.Webhook) is null ? new Decision.Rejected(NotFound) : null,
                (states, now) => EndWebhookGrace.Decide(command, states[command.Webhook], eventId, now),
                (states, _, now) => WebhookAnswers.Changed(states[command.Webhook], now),
                () => CommandData.Of(EndWebhookGrace.Operation, command)),
            ct);
    }

    /// <summary>The webhook, or null if there is none with this id.</summary>
    internal async Task<Webhook?> FindAsync(string webhook, CancellationToken ct) =>
        PublicId.TryParse(Webhook.Prefix, webhook, out var id) ? await states.FindAsync(id, ct) : null;

    /// <summary>The problem of an endpoint's filters and description, or null.</summary>
    internal Refusal? Problem(IReadOnlyList<string>? types, IReadOnlyList<string>? accounts, string? description) =>
        ListProblem(
            "types",
            types,
            contracts.IsKnown,
            "There is no such type of published event; give the full name, such as banking.account.money-deposited.v1.")
        ?? ListProblem("accounts", accounts, a => PublicId.TryParse("acc", a, out _), "An account is given by its id, acc_….")
        ?? (PlainText.Problem(description, 200) is { } why ? Refusal.Invalid("invalid_text", why, "#/description") : null);

    private static Refusal? ListProblem(string member, IReadOnlyList<string>? names, Func<string, bool> isKnown, string why)
    {
        if (names is { Count: 0 })
        {
            return Refusal.Invalid(
                "empty_list",
                $"The list is empty, so the endpoint would receive nothing: give at least one entry, or leave {member} out for all.",
                $"#/{member}");
        }

        var wrong = names?.ToList().FindIndex(n => n is null || !isKnown(n)) ?? -1;
        return wrong < 0 ? null : Refusal.Invalid("unknown_name", why, $"#/{member}/{wrong}");
    }
}

/// <summary>A command and the webhook that it applies to.</summary>
internal sealed record WebhookCommand<TRequest>(string Webhook, TRequest Request);
