using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;

namespace Banking.Accounts.Features;

/// <summary>
/// Makes the answers to commands on accounts: when they are decided, and again from the log. The answer to a transfer is made from the
/// account of the payer. Each account of a correction makes its own part of the answer, so a planted booking on an account without any is
/// not found.
/// </summary>
internal static class AccountAnswers
{
    /// <summary>The members of the answer to a correction that other accounts, or the rule of its events, compare.</summary>
    private static readonly string[] OfCorrection = ["id", "corrects", "transactionId", "kind", "reason", "bookings", "accounts"];

    /// <summary>Makes them again from the log.</summary>
    public static AnswerRule<Account> Rule { get; } = new(command => command.IsApproved ? null : command.First.Data switch
    {
        TransferReceived or not IAccountEvent => null,
        ICorrectionEvent => Correction(command, EventsOf(command)),
        _ => Of(command.State, EventsOf(command), command.Now, command.Reason, command.Stored),
    });

    /// <summary>The answer to a command other than a correction.</summary>
    /// <param name="account">The first account of the command, after it.</param>
    /// <param name="events">The events that were decided.</param>
    /// <param name="stored">The stored answer, if the answer is made again.</param>
    public static CommandAnswer Of(
        Account account, IReadOnlyList<NewEvent> events, DateTimeOffset now, string? reason, JsonElement? stored = null)
    {
        return events[0].Data switch
        {
            AccountOpened => CommandAnswer.Created(AccountView.Of(account), account.Id, OpenAccountHandler.AddressOf(account.Id)),
            MoneyDeposited e => Movement(e, e.Details, MovementId.Deposit, DepositMoneyHandler.AddressOf(events)),
            MoneyWithdrawn e => Movement(e, e.Details, MovementId.Withdrawal, WithdrawMoneyHandler.AddressOf(events)),
            TransferSent e => CommandAnswer.Created(
                TransferView.Of(events[0].EventId, account.Id, e, account, now, reason), account.Id,
                TransferMoneyHandler.AddressOf(events)),
            _ => CommandAnswer.Changed(AccountView.Of(account), account.Id),
        };

        CommandAnswer Movement(IMovement movement, MovementDetails? details, string prefix, string address)
        {
            var id = PublicId.Format(prefix, events[0].EventId);
            return CommandAnswer.Created(
                MovementView.Of(id, movement, account, now, Kept(details, stored), reason), account.Id, address);
        }
    }

    private static List<NewEvent> EventsOf(AnsweredCommand<Account> command) =>
        [.. command.Events.Select(e => new NewEvent(command.Stream, e.Id, e.Data))];

    /// <summary>
    /// Without the counterparty, because the answer is kept as a receipt. Answers from before counterparties were sealed have it as plain
    /// as their events.
    /// </summary>
    private static MovementDetails? Kept(MovementDetails? details, JsonElement? stored)
    {
        var isFromBefore = details?.Counterparty is ISealable<Counterparty> { Sealed: null }
            && stored is { } answer && answer.TryGetProperty("counterparty", out _);
        return details is null || isFromBefore ? details : details with { Counterparty = null };
    }

    /// <summary>Its version is that of the account with the first booking. Only the answer says which account that is.</summary>
    private static CommandAnswer Correction(AnsweredCommand<Account> command, List<NewEvent> events)
    {
        var view = Correction(command.Stored, [.. events.Select(e => BookingView.Of(e.StreamId, (ICorrectionEvent)e.Data))], command);
        var isFirst = command.Stored is not null && IsOf(view["bookings"]![0], "accountId", AccountId.Format(command.Stream));
        return CommandAnswer.Created(view, isFirst ? command.Stream : Guid.Empty, CorrectionPlan.Address(events));
    }

    /// <summary>The stored answer with all that this account knows of it.</summary>
    private static JsonObject Correction(
        JsonElement? stored, IReadOnlyList<BookingView> bookings, AnsweredCommand<Account> command)
    {
        var (view, account) = (new JsonObject(), AccountId.Format(command.Stream));
        foreach (var name in OfCorrection)
        {
            if (stored is { } answer && answer.TryGetProperty(name, out var member))
            {
                view[name] = JsonSerializer.SerializeToNode(member, ApiJson.Options);
            }
        }

        view["status"] = "completed";
        view["recordedAt"] = JsonSerializer.SerializeToNode(command.Now, ApiJson.Options);
        view["reasonCode"] = command.ReasonCode;
        view["bookings"] = Replaced(view["bookings"], "accountId", account, bookings);
        view["accounts"] = Replaced(view["accounts"], "id", account, [CorrectedAccountView.Of(command.State)]);
        return view;
    }

    /// <summary>Replaces the items of an account in their order; those of other accounts stay.</summary>
    private static JsonArray Replaced<T>(JsonNode? stored, string member, string account, IReadOnlyList<T> own)
    {
        var (items, next) = (new JsonArray(), new Queue<T>(own));
        foreach (var item in stored as JsonArray ?? [])
        {
            if (!IsOf(item, member, account))
            {
                items.Add(item?.DeepClone());
            }
            else if (next.TryDequeue(out var known))
            {
                items.Add(JsonSerializer.SerializeToNode(known, ApiJson.Options));
            }
        }

        foreach (var missing in next)
        {
            items.Add(JsonSerializer.SerializeToNode(missing, ApiJson.Options));
        }

        return items;
    }

    private static bool IsOf(JsonNode? item, string member, string account) =>
        item is JsonObject && item[member] is JsonValue value && value.TryGetValue<string>(out var text) && text == account;
}
