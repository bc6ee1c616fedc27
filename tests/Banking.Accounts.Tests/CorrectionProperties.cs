using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using CsCheck;
using JasperFx.Events;

namespace Banking.Accounts.Tests;

/// <summary>
/// Random histories with backdating, corrections and corrections of corrections, against a brute force that knows nothing of events: a
/// list of amounts, each with the time from which it counts and the time at which the bank learned of it.
/// </summary>
public sealed class CorrectionProperties
{
    private static readonly Gen<Step[]> Steps = Gen.Select(
        Gen.Frequency<string>((3, Gen.OneOf("deposit", "withdrawal", "transfer")), (4, Gen.Const("correct"))),
        Gen.Int[0, 2],
        Gen.Int[0, 2],
        Gen.Int[1, 60],
        Gen.Enum<CorrectionKind>(),
        Gen.Bool,
        Gen.Int[0, 8],
        Gen.Int[0, 30],
        (what, account, other, amount, kind, isNow, hours, target) =>
            new Step(what, account, other, amount, kind, isNow, hours, target)).Array[1, 30];

    [Fact]
    public void Every_balance_at_any_two_instants_is_that_of_the_brute_force() => Steps.Sample(steps =>
    {
        var bank = new Bank();
        foreach (var step in steps)
        {
            bank.Try(step);
        }

        var instants = bank.Instants();
        foreach (var account in Enumerable.Range(0, Bank.Accounts))
        {
            foreach (var effective in instants)
            {
                foreach (var known in instants)
                {
                    Assert.Equal(bank.Expected(account, effective, known), (long)bank.BalanceAt(account, effective, known));
                }
            }
        }
    }, iter: 250);

    [Fact]
    public void No_correction_overdraws_an_account_at_any_instant_and_none_is_refused_that_would_not() => Steps.Sample(steps =>
    {
        var bank = new Bank();
        foreach (var step in steps)
        {
            var code = bank.Try(step);
            Assert.True(code is not "insufficient_funds" || bank.WouldOverdraw, "A refused command would have overdrawn no account.");
            Assert.True(code is not null || !bank.WouldOverdraw, "An accepted command has overdrawn an account.");
        }
    }, iter: 250);

    [Fact]
    public void A_chain_has_no_circle_and_each_transaction_one_correction() => Steps.Sample(steps =>
    {
        var bank = new Bank();
        foreach (var step in steps)
        {
            bank.Try(step);
        }

        var links = bank.Log.Select(e => e.Data).OfType<ICorrectionEvent>().Select(e => e.Correction).Distinct().ToList();
        Assert.Equal(links.Count, links.Select(l => l.Corrects).Distinct().Count());
        Assert.All(links, l => Assert.True(
            l.Corrects == l.Transaction || links.FindIndex(o => o.Id == l.Corrects) < links.IndexOf(l), "It corrects an earlier one."));
    }, iter: 100);

    [Fact]
    public void The_generator_reaches_every_kind_of_correction_and_refusal()
    {
        var reached = new HashSet<string>();
        Steps.Sample(
            steps =>
            {
                var bank = new Bank();
                foreach (var step in steps)
                {
                    var code = bank.Try(step) ?? $"{step.What} {(step.What == "correct" ? step.Kind : null)}";
                    lock (reached)
                    {
                        reached.Add(code);
                    }
                }
            }, iter: 250);

        Assert.Superset(
            new HashSet<string>(
            [
                .. Enum.GetValues<CorrectionKind>().Select(k => $"correct {k}"),
                "already_corrected", "insufficient_funds", "nothing_in_effect", "nothing_to_correct",
            ]),
            reached);
    }

    private sealed record Step(
        string What, int Account, int Other, int Amount, CorrectionKind Kind, bool IsNow, int Hours, int Target);

    /// <summary>An amount of the brute force.</summary>
    private sealed record Counted(int Account, long Amount, DateTimeOffset Effective, DateTimeOffset Known);

    /// <summary>What a transaction of the brute force left in effect.</summary>
    private sealed record Form(string What, int Account, int Other, long Amount, DateTimeOffset Effective, bool IsInEffect);

    private sealed class Bank
    {
        public const int Accounts = 3;
        private const long Limit = 20;

        private static readonly DateTimeOffset Opened = AccountSpec.OpenedAt;

        private readonly List<Counted> _counted = [];
        private readonly List<(Guid Id, Form Form)> _transactions = [];
        private DateTimeOffset _now = Opened.AddDays(1);
        private int _ids;

        public Bank()
        {
            foreach (var account in Enumerable.Range(0, Accounts))
            {
                Record(Id(account), NextId(), new AccountOpened(Number(account), Id(90), "current", Eur(Limit), Opened), Opened);
            }
        }

        public List<IEvent> Log { get; } = [];

        /// <summary>Whether the last command would leave, or has left, less than nothing available where it lowers a balance.</summary>
        public bool WouldOverdraw { get; private set; }

        public List<DateTimeOffset> Instants() => [.. _counted.SelectMany(c => new[] { c.Effective, c.Known, c.Known.AddTicks(-1) })
            .Append(Opened).Distinct().Order()];

        public long Expected(int account, DateTimeOffset effective, DateTimeOffset known) =>
            _counted.Where(c => c.Account == account && c.Effective <= effective && c.Known <= known).Sum(c => c.Amount);

        public Int128 BalanceAt(int account, DateTimeOffset effective, DateTimeOffset known) => Domain.BalanceAt.Fold(
            Log.Where(e => e.StreamId == Id(account)), AccountSpec.Eur(0).Currency, effective, known).Balance.Minor;

        /// <summary>Tries a command. Returns the code of its refusal, or null.</summary>
        public string? Try(Step step)
        {
            _now = _now.AddHours(1);
            if (step.What == "correct")
            {
                return _transactions.Count == 0 ? "none" : Correct(step, _transactions[step.Target % _transactions.Count]);
            }

            var form = new Form(step.What, step.Account, step.Other, step.Amount, _now.AddHours(-step.Hours), true);
            return form.What == "transfer" && form.Account == form.Other ? "none" : Finish(Signed(form, 1), Book(form), form);
        }

        private Decision Book(Form form)
        {
            var (amount, ids) = (Eur(form.Amount), new NewIds(NextId(), NextId()));
            return form.What switch
            {
                "deposit" => DepositMoneyHandler.Decide(
                    new("k", "a", amount, EffectiveAt: form.Effective), State(form.Account), ids.First, _now, BackdatingRule.Default),
                "withdrawal" => WithdrawMoneyHandler.Decide(
                    new("k", "a", amount, EffectiveAt: form.Effective), State(form.Account), ids.First, _now, BackdatingRule.Default),
                _ => TransferMoneyHandler.Decide(
                    new("k", "a", "b", amount, form.Effective), State(form.Account), State(form.Other), ids, _now, BackdatingRule.Default),
            };
        }

        private string? Correct(Step step, (Guid Id, Form Form) target)
        {
            var old = target.Form;
            var isTransfer = old.What == "transfer";
            var next = step.Kind switch
            {
                CorrectionKind.Amount => old with { Amount = step.Amount },
                CorrectionKind.Account => isTransfer ? old with { Other = step.Other } : old with { Account = step.Account },
                CorrectionKind.EffectiveDate => old with { Effective = _now.AddHours(-step.Hours) },
                _ => old with { IsInEffect = !old.IsInEffect },
            };
            var isNow = step.IsNow && step.Kind != CorrectionKind.EffectiveDate;
            DateTimeOffset At(DateTimeOffset effective) => isNow ? _now : effective;
            IReadOnlyList<Counted> counted =
            [
                .. old.IsInEffect ? Signed(old with { Effective = At(old.Effective) }, -1) : [],
                .. next.IsInEffect ? Signed(next with { Effective = At(next.Effective) }, 1) : [],
            ];
            var command = new CorrectTransaction(
                "k", "t", step.Kind, "code", "reason", isNow ? CorrectionTime.Now : CorrectionTime.Original,
                step.Kind == CorrectionKind.Amount ? Eur(step.Amount) : null,
                EffectiveAt: step.Kind == CorrectionKind.EffectiveDate ? next.Effective : null);
            var right = step.Kind != CorrectionKind.Account ? new RightAccounts()
                : isTransfer ? new(To: Id(step.Other))
                : new(Account: Id(step.Account));
            var corrected = BookedTransaction.Of(Log.Single(e => e.Id == target.Id))!;
            var decision = CorrectionDecision.Decide(
                command, corrected, right, Enumerable.Range(0, Accounts).ToDictionary(Id, State),
                [.. Enumerable.Range(0, CorrectionDecision.MaxBookings).Select(_ => NextId())],
                CorrectionTimeLimit.Of(BackdatingRule.Default, corrected, null), _now);
            return Finish(counted, decision, next with { Effective = At(next.IsInEffect ? next.Effective : old.Effective) });
        }

        private string? Finish(IReadOnlyList<Counted> counted, Decision decision, Form form)
        {
            WouldOverdraw = counted.Select(c => (c.Account, c.Effective)).Concat(_counted.Select(c => (c.Account, c.Effective)))
                .Distinct().Any(at =>
                {
                    var change = counted.Where(c => c.Account == at.Account && c.Effective <= at.Effective).Sum(c => c.Amount);
                    return change < 0 && Expected(at.Account, at.Effective, _now) + change + Limit < 0;
                });
            if (decision is not Decision.Accepted accepted)
            {
                return decision is Decision.Refused refused ? refused.Refusal.Code.Replace("payee_", "", StringComparison.Ordinal) : "?";
            }

            _counted.AddRange(counted);
            foreach (var e in accepted.Events)
            {
                Record(e.StreamId, e.EventId, e.Data, _now);
            }

            var first = accepted.Events[0];
            _transactions.Add((first.Data is ICorrectionEvent correction ? correction.Correction.Id : first.EventId, form));
            return null;
        }

        private List<Counted> Signed(Form form, int sign) => form.What switch
        {
            "deposit" => [new(form.Account, sign * form.Amount, form.Effective, _now)],
            "withdrawal" => [new(form.Account, -sign * form.Amount, form.Effective, _now)],
            _ => [new(form.Account, -sign * form.Amount, form.Effective, _now), new(form.Other, sign * form.Amount, form.Effective, _now)],
        };

        private Account State(int account) => AccountSpec.FoldWithTimeline(
            Id(account), Log.Where(e => e.StreamId == Id(account)).Select(e => (IAccountEvent)e.Data));

        private void Record(Guid account, Guid id, object data, DateTimeOffset at)
        {
            var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
            (e.Id, e.StreamId, e.Timestamp, e.Version) = (id, account, at, Log.Count(o => o.StreamId == account) + 1);
            Log.Add(e);
        }

        private static Money Eur(long minor) => AccountSpec.Eur(minor);

        private static AccountNumber Number(int account) => AccountNumber.Create("XB", $"CORR{account:D12}");

        private Guid NextId() => Id(1000 + ++_ids);

        private static Guid Id(int n) => new(n + 1, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0);
    }
}
