using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Accounts.Simulations.Replay;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using CsCheck;
using JasperFx.Events;

namespace Banking.Accounts.Tests.Simulations;

/// <summary>A command of a small bank. A correction names the command that it corrects.</summary>
internal sealed record Step(
    int Number, string What, int Account, int Other, int Amount, int Hours, CorrectionKind Kind, FreezeScope Scope, int Target)
{
    /// <summary>When it is decided, if not at the time of its number.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Only movements may claim a time.</summary>
    public bool IsMovement => What is "deposit" or "withdrawal" or "transfer";
}

/// <summary>
/// Three accounts that execute commands one after the other with the real decisions and the real fold, and keep events and refusals as the
/// log does. With other commands it is the brute force that simulations are compared with: it knows nothing of events that come
/// from commands, of what differs, or of timelines that are cut.
/// </summary>
internal sealed class SmallBank
{
    public const int Accounts = 3;

    private static readonly DateTimeOffset Opened = AccountSpec.OpenedAt;
    private static readonly string[] All =
        ["deposit", "withdrawal", "transfer", "transfer", "deposit", "withdrawal", "correct", "freeze", "unfreeze", "limit", "close"];

    private readonly Dictionary<Guid, string?> _codes = [];

    public List<(IEvent? Event, RecordedRefusal? Refusal)> Log { get; } = [];

    public IEnumerable<IEvent> Events => Log.Select(l => l.Event).OfType<IEvent>();

    public static Guid[] Ids { get; } = [.. Enumerable.Range(0, Accounts).Select(Id)];

    /// <summary>Commands, among them atomic batches that fail because of their own earlier commands.</summary>
    public static Gen<Step[]> StepsWithBatches(params string[] without) => StepsOf([.. All.Except(without), "batch", "batch"]);

    public static Gen<Step[]> Steps(params string[] without) => StepsOf([.. All.Except(without)]);

    private static Gen<Step[]> StepsOf(string[] kinds) =>
        Gen.Select(
            Gen.OneOf<string>(kinds), Gen.Int[0, Accounts - 1], Gen.Int[0, Accounts - 1], Gen.Int[1, 60],
            Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 60])), Gen.Enum<CorrectionKind>(), Gen.Enum<FreezeScope>(), Gen.Int[0, 40],
            (what, account, other, amount, hours, kind, scope, target) =>
                new Step(0, what, account, other, amount, hours, kind, scope, target)).Array[1, 40]
            .Select(steps => steps.Select((s, i) => s with { Number = i, Target = i == 0 ? 0 : s.Target % i }).ToArray());

    /// <summary>Executes the commands.</summary>
    /// <param name="limit">The overdraft limit of all accounts.</param>
    public static SmallBank Lead(IEnumerable<Step> steps, long limit = 20)
    {
        var bank = new SmallBank();
        foreach (var account in Enumerable.Range(0, Accounts))
        {
            bank.Record(Id(account), Id(10 + account), new AccountOpened(Number(account), Id(90), "current", Eur(limit), Opened), Opened);
        }

        foreach (var step in steps)
        {
            bank._codes[CommandId(step)] = bank.Try(step);
        }

        return bank;
    }

    /// <summary>The code of the refusal of a command; null if it was accepted.</summary>
    public string? CodeOf(Step step) => _codes.GetValueOrDefault(CommandId(step));

    /// <summary>Whether a command left a trace: one without anything to decide on is not stored.</summary>
    public bool IsStored(Step step) => CodeOf(step) is null or not ("transaction_not_found" or "malformed");

    /// <summary>Whether the bank has decided a command.</summary>
    public bool Has(Step step) => _codes.ContainsKey(CommandId(step));

    public Account State(int account) => AccountSpec.FoldWithTimeline(
        Id(account), Events.Where(e => e.StreamId == Id(account)).Select(e => (IAccountEvent)e.Data));

    /// <summary>The id of the transaction, event or refusal that a command becomes.</summary>
    public static Guid CommandId(Step step) => Id(1000 + (10 * step.Number));

    public static DateTimeOffset TimeOf(Step step) => step.At ?? Opened.AddHours(1 + step.Number);

    /// <summary>Replays the log with a hypothesis.</summary>
    public Simulation Simulate(Hypothesis hypothesis, params Guid[] accounts)
    {
        var inside = accounts.Length == 0 ? Ids : accounts;
        var bookings = Events.Where(e => e.Data is ICorrectionEvent).ToList();
        var corrected = bookings.Select(b => ((ICorrectionEvent)b.Data).Correction).SelectMany(c => new[] { c.Corrects, c.Transaction })
            .Concat(Log.Select(l => l.Refusal?.Command).OfType<CommandData>().Where(c => c.Type == CorrectionOperation.Message)
                .Select(c => TransactionId.Parse(c.Read<CorrectTransaction>().Transaction)!.Value))
            .ToHashSet();
        var simulation = new Simulation(
            inside, hypothesis, BackdatingRule.Default,
            new(bookings, Events.Where(e => corrected.Contains(e.Id)), inside.Contains), maxListed: 1_000);
        foreach (var (e, refusal) in Log.Where(l => inside.Contains(l.Event?.StreamId ?? l.Refusal!.StreamId)
            || (l.Refusal is { } r && RefusalFacts.Of(r).Account is { } refusing && inside.Contains(refusing))))
        {
            if (e is not null)
            {
                simulation.Apply(e);
            }
            else
            {
                simulation.Apply(refusal!);
            }
        }

        simulation.End();
        return simulation;
    }

    public static Money Eur(long minor) => AccountSpec.Eur(minor);

    public static Guid Id(int n) => new(n + 1, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0);

    private static AccountNumber Number(int account) => AccountNumber.Create("XB", $"SMALL{account:D11}");

    private string? Try(Step step)
    {
        var (now, id, account) = (TimeOf(step), CommandId(step), AccountId.Format(Id(step.Account)));
        DateTimeOffset? claimed = step is { IsMovement: true, Hours: > 0 } ? now.AddHours(-step.Hours) : null;
        return step.What switch
        {
            "deposit" => Run(step, DepositMoneyHandler.Definition, new("k", account, Eur(step.Amount), EffectiveAt: claimed, Reason: "r")),
            "withdrawal" => Run(
                step, WithdrawMoneyHandler.Definition, new("k", account, Eur(step.Amount), EffectiveAt: claimed, Reason: "r")),
            // Each other transfer names the payee by its number.
            "transfer" => Run(
                step, TransferMoneyHandler.Definition,
                new(
                    "k", account, step.Number % 2 == 0 ? AccountId.Format(Id(step.Other)) : Number(step.Other).Value, Eur(step.Amount),
                    claimed, Reason: "r"),
                step.Other),
            "freeze" => Run(step, FreezeAccountHandler.Definition, new("k", account, step.Scope, "c", "r")),
            "unfreeze" => Run(step, UnfreezeAccountHandler.Definition, new("k", account, step.Scope, "c", "r")),
            "limit" => Run(
                step, ChangeOverdraftLimitHandler.Definition, new("k", account, Eur(step.Amount).ToDecimalString(), "c", "r")),
            "batch" => Batch(step),
            "close" => Run(step, CloseAccountHandler.Definition, new("k", account, "c", "r")),
            _ => Correct(step),
        };
    }

    private string? Run<TCommand>(Step step, CommandDefinition<TCommand> definition, TCommand command, params int[] others)
        where TCommand : class => Finish(
        step, Id(step.Account), CommandData.Of(definition.Shape.Name, command),
        definition.Decide(
            command, [State(step.Account), .. others.Select(State)], new(CommandId(step), Id(1001 + (10 * step.Number))), TimeOf(step),
            BackdatingRule.Default));

    /// <summary>Two equal withdrawals, of which the first leaves too little for the second. Other batches are left out.</summary>
    private string? Batch(Step step)
    {
        var (state, amount) = (State(step.Account), Eur(step.Amount));
        var command = new WithdrawMoney("k", AccountId.Format(state.Id), amount, Reason: "r");
        var definition = WithdrawMoneyHandler.Definition;
        Decision Decide(Account account) => definition.Decide(
            command, [account], new(CommandId(step), Id(1001 + (10 * step.Number))), TimeOf(step), BackdatingRule.Default);
        return Decide(state) is Decision.Accepted && Decide(state with { Balance = state.Balance - amount }) is Decision.Refused refused
            ? Finish(
                step, state.Id, CommandData.Of(definition.Shape.Name, command),
                new Decision.Refused(refused.Refusal with
                {
                    Facts = new Dictionary<string, object>(refused.Refusal.Facts) { ["batchIndex"] = 1 },
                }))
            : "malformed";
    }

    private string? Correct(Step step)
    {
        var target = Id(1000 + (10 * step.Target));
        if (Events.Where(e => e.Id == target).Select(BookedTransaction.Of).FirstOrDefault() is not { } corrected)
        {
            return "transaction_not_found";
        }

        var (now, isTransfer) = (TimeOf(step), corrected.Booking.Kind == TransactionKind.Transfer);
        var other = AccountId.Format(Id(step.Other));
        var command = new CorrectTransaction(
            "k", corrected.PublicId, step.Kind, "c", "r",
            step.Hours % 2 == 1 && step.Kind != CorrectionKind.EffectiveDate ? CorrectionTime.Now : CorrectionTime.Original,
            step.Kind == CorrectionKind.Amount ? Eur(step.Amount) : null,
            step.Kind == CorrectionKind.Account && !isTransfer ? other : null,
            To: step.Kind == CorrectionKind.Account && isTransfer ? other : null,
            EffectiveAt: step.Kind == CorrectionKind.EffectiveDate ? now.AddHours(-step.Hours) : null);
        var right = step.Kind != CorrectionKind.Account ? new RightAccounts()
            : isTransfer ? new(To: Id(step.Other))
            : new(Account: Id(step.Other));
        var first = Events.Where(e => e.Id == corrected.Root).Select(BookedTransaction.Of).FirstOrDefault();
        return Finish(step, corrected.Booking.Account, CommandData.Of(CorrectionOperation.Message, command), CorrectionDecision.Decide(
            command, corrected, right, Enumerable.Range(0, Accounts).ToDictionary(Id, State),
            [.. Enumerable.Range(0, CorrectionDecision.MaxBookings).Select(n => Id(1000 + (10 * step.Number) + n))],
            CorrectionTimeLimit.Of(BackdatingRule.Default, corrected, first), now));
    }

    private string? Finish(Step step, Guid subject, CommandData command, Decision decision)
    {
        switch (decision)
        {
            case Decision.Accepted accepted:
                foreach (var e in accepted.Events)
                {
                    Record(e.StreamId, e.EventId, e.Data, TimeOf(step));
                }

                return null;
            case Decision.Refused refused:
                Log.Add((null, new()
                {
                    Id = CommandId(step),
                    StreamId = subject,
                    StreamVersion = 0,
                    Operation = command.Type,
                    Code = refused.Refusal.Code,
                    Detail = "",
                    Facts = JsonSerializer.Serialize(refused.Refusal.Facts, ApiJson.Options),
                    Actor = "",
                    Role = "",
                    Channel = "",
                    CorrelationId = "",
                    IdempotencyKey = "k",
                    RecordedAt = TimeOf(step),
                    Command = command,
                }));
                return refused.Refusal.Code;
            default:
                return "malformed";
        }
    }

    private void Record(Guid account, Guid id, object data, DateTimeOffset at)
    {
        var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
        (e.Id, e.StreamId, e.Timestamp, e.Sequence, e.EventTypeName) = (id, account, at, Log.Count + 1, EventNames.All[data.GetType()]);
        e.Version = Events.Count(o => o.StreamId == account) + 1;
        Log.Add((e, null));
    }
}
