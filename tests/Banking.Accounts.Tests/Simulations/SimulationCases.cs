using Banking.Accounts.Contracts;
using Banking.Accounts.Simulations.Replay;
using Banking.Accounts.Statements.Domain;

namespace Banking.Accounts.Tests.Simulations;

/// <summary>Cases of simulations that random histories reach too seldom.</summary>
public sealed class SimulationCases
{
    private static readonly DateTimeOffset Time = SmallBank.TimeOf(Command(0, "deposit", 0, 1));

    [Fact]
    public void A_transfer_that_its_payee_refused_is_decided_again_without_the_payer()
    {
        var freeze = Command(1, "freeze", 1, 1) with { Scope = FreezeScope.Credit };
        var bank = SmallBank.Lead([Command(0, "deposit", 0, 50), freeze, Command(2, "transfer", 0, 30) with { Other = 1 }]);

        var simulation = bank.Simulate(
            new() { Omitted = new HashSet<Guid> { SmallBank.CommandId(freeze) } }, SmallBank.Id(1));

        Assert.Equal([DifferenceKind.Omitted, DifferenceKind.Accepted], simulation.Differences.First.Select(d => d.Kind));
        Assert.Equal(SmallBank.Eur(30), simulation.Accounts[SmallBank.Id(1)].Simulated!.Balance);
    }

    [Fact]
    public void Insertions_at_one_instant_are_decided_in_the_order_of_the_request()
    {
        // Something is recorded of the payee only, so that the transfer runs first if the accounts are looked at one by one.
        var bank = SmallBank.Lead([Command(3, "deposit", 0, 1)]);
        var (payer, payee) = (SmallBank.Id(2), SmallBank.Id(0));

        var simulation = bank.Simulate(new()
        {
            Inserted =
            [
                new(SmallBank.Id(98), "#/changes/0", CommandsOfEvents.Deposit(payer, SmallBank.Eur(50), BankSide.Cash, null), Time, false),
                new(SmallBank.Id(99), "#/changes/1", CommandsOfEvents.Transfer(payer, payee, SmallBank.Eur(50), null), Time, false),
            ],
        });

        Assert.Equal(["#/changes/0", "#/changes/1"], simulation.Differences.First.Select(d => d.Id));
        Assert.Equal(0, simulation.Differences.InsertedRefused);
        Assert.Equal(SmallBank.Eur(51), simulation.Accounts[payee].Simulated!.Balance);
    }

    [Fact]
    public void Insertions_after_the_last_event_are_listed_in_the_order_of_their_times()
    {
        var bank = SmallBank.Lead([]);
        Insertion Deposit(int n, int account, int hours) => new(
            SmallBank.Id(90 + n), $"#/changes/{n}",
            CommandsOfEvents.Deposit(SmallBank.Id(account), SmallBank.Eur(1), BankSide.Cash, null), Time.AddHours(hours), false);

        var simulation = bank.Simulate(new() { Inserted = [Deposit(0, 0, 3), Deposit(1, 1, 2), Deposit(2, 0, 1)] });

        Assert.Equal(["#/changes/2", "#/changes/1", "#/changes/0"], simulation.Differences.First.Select(d => d.Id));
    }

    [Fact]
    public void What_is_booked_whatever_the_rules_say_may_claim_any_time()
    {
        var bank = SmallBank.Lead([Command(0, "deposit", 0, 1)]);
        var command = CommandsOfEvents.Deposit(SmallBank.Id(0), SmallBank.Eur(5), BankSide.Cash, Time.AddYears(-1));

        var simulation = bank.Simulate(new() { Inserted = [new(SmallBank.Id(99), "#/changes/0", command, Time.AddDays(1), true)] });

        Assert.Equal(0, simulation.Differences.InsertedRefused);
        Assert.Equal(SmallBank.Eur(6), simulation.Accounts[SmallBank.Id(0)].Simulated!.Balance);
    }

    [Fact]
    public void A_changed_command_that_is_refused_is_counted()
    {
        var withdrawal = Command(1, "withdrawal", 0, 5);
        var bank = SmallBank.Lead([Command(0, "deposit", 0, 10), withdrawal]);

        var simulation = bank.Simulate(new()
        {
            Changed = new Dictionary<Guid, ChangedValues> { [SmallBank.CommandId(withdrawal)] = new(SmallBank.Eur(500), null) },
        });

        Assert.Equal(1, simulation.Differences.ChangedRefused);
    }

    [Fact]
    public void The_limit_of_a_hypothesis_is_not_set_on_accounts_that_were_closed_before()
    {
        var (closing, freezing) = (Command(0, "close", 0, 1), Command(1, "freeze", 1, 1));
        var bank = SmallBank.Lead([closing, freezing, Command(2, "deposit", 2, 1)]);

        var simulation = bank.Simulate(new() { Limit = SmallBank.Eur(90), LimitFrom = SmallBank.TimeOf(freezing).AddMinutes(1) });

        Assert.Equal([20, 90, 90], SmallBank.Ids.Select(id => simulation.Accounts[id].Simulated!.OverdraftLimit.Minor));
        Assert.Equal(simulation.Accounts[SmallBank.Id(0)].Real, simulation.Accounts[SmallBank.Id(0)].Simulated);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(1, false)]
    public void A_statement_reads_otherwise_only_by_what_is_recorded_before_it(int hours, bool isAffected)
    {
        var bank = SmallBank.Lead([Command(0, "deposit", 0, 10)]);
        var (issuedAt, day) = (Time.AddDays(2), DateOnly.FromDateTime(Time.UtcDateTime));
        var statement = new StatementIssued(
            SmallBank.Id(500), SmallBank.Id(0), 1, day, day.AddDays(1), null, issuedAt, 2, SmallBank.Eur(0), SmallBank.Eur(10), 1, "", 1,
            null, null);
        var backdated = CommandsOfEvents.Deposit(SmallBank.Id(0), SmallBank.Eur(5), BankSide.Cash, Time);

        var simulation = bank.Simulate(new()
        {
            Inserted = [new(SmallBank.Id(99), "#/changes/0", backdated, issuedAt.AddHours(hours), false)],
        });

        Assert.Equal(isAffected, AffectedStatements.IsAffected(statement, simulation.Accounts[SmallBank.Id(0)].Changes));
    }

    private static Step Command(int number, string what, int account, int amount) =>
        new(number, what, account, 0, amount, 0, default, default, 0);
}
