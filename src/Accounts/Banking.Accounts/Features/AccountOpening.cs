using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.EventStore.Appending;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Accounts.Features;

/// <summary>Runs the opening of an account, which needs a customer and a number instead of an existing account.</summary>
public sealed class AccountOpening(
    CommandRoute commandRoute, CommandGroup<Account> group, StreamDirectory streams, AccountNumberSequence numbers, BackdatingRule rule,
    TimeProvider clock)
{
    internal Task<IResult> HttpAsync(HttpContext http, Func<string, (OpenAccount? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(
            http, OpenAccountHandler.Shape, read,
            (command, context, ct) => RunAsync(command, Normalize(command, context), ct),
            (command, context, _) => Task.FromResult(Normalize(command, context)));

    internal Task<CommandReply> BusAsync(OpenAccount command, Envelope envelope, CancellationToken ct) =>
        commandRoute.BusAsync(command, envelope, OpenAccountHandler.Shape, RunAsync, ct);

    /// <summary>
    /// Replaces the account number by its one form in the fingerprint: it may be written with spaces or in lower case. The original
    /// value stays as the former one, because earlier versions stored that.
    /// </summary>
    private static CommandContext Normalize(OpenAccount command, CommandContext context) =>
        command.Number is { } number && context.Content is { } content
            ? context with
            {
                Fingerprint = content.FingerprintWith([new("number", number.Value)]),
                FormerFingerprint = context.FormerFingerprint ?? context.Fingerprint,
            }
            : context;

    private async Task<Outcome> RunAsync(OpenAccount command, CommandContext context, CancellationToken ct)
    {
        if (!PublicId.TryParse(CustomerStreams.Prefix, command.Customer, out var owner)
            || !await streams.ExistsAsync(owner, CustomerStreams.Type, ct))
        {
            return GroupOutcomes.Rejected(
                context,
                Refusal.NotFound("customer_not_found", "There is no such customer.") with
                {
                    Pointer = "#/customerId",
                });
        }

        var (id, eventId) = (Ids.Next(clock), Ids.Next(clock));
        for (var attempt = 1; ; attempt++)
        {
            var number = command.Number ?? await numbers.NextAsync(ct);
            var outcome = await SubmitAsync(command, context, id, owner, number, eventId, ct);
            if (command.Number is not null || outcome is not Outcome.NotRecorded { Refusal.Code: AccountsModule.NumberTaken })
            {
                return outcome;
            }

            // A caller has chosen this number for another account. Nothing was stored, so the next one can be tried.
            if (attempt == AccountNumberSequence.MaxTaken)
            {
                // Not that the number is taken: this caller chose none.
                return GroupOutcomes.Rejected(context, Refusal.Unavailable(
                    "account_numbers_used",
                    "The bank has no unused number for the account now. Nothing was done; repeat with the same key."));
            }
        }
    }

    private Task<Outcome> SubmitAsync(
        OpenAccount command, CommandContext context, Guid id, Guid owner, AccountNumber number, Guid eventId, CancellationToken ct) =>
        group.SubmitAsync(
            new(
                context,
                [id],
                _ => EffectiveTime.CheckAllowed(context.Caller, command.EffectiveAt),
                (states, now) => OpenAccountHandler.Decide(
                    command, id, owner, number, eventId, now, rule with { OpenFrom = states.OpenFrom }),
                (states, events, now) => AccountAnswers.Of(states[id], events, now, command.Reason),
                () => CommandData.Of(OpenAccountHandler.Shape.Name, command))
            {
                BooksPast = command.EffectiveAt is not null,
            },
            ct);
}
