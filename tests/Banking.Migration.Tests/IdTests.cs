namespace Banking.Migration.Tests;

public sealed class IdTests : IDisposable
{
    private readonly BerkaFolder _bank = new();

    [Fact]
    public void A_second_reading_creates_the_same_ids() => Assert.Equal(PlanText.Of(_bank.Plan()), PlanText.Of(_bank.Plan()));

    // Literal ids, because a change would make the bank import everything again.
    [Fact]
    public void Ids_are_stable()
    {
        var plan = _bank.Plan();
        Assert.Equal(new Guid("4c7349b9-f35c-558a-9687-f55a874a8406"), plan.Customers[0].CustomerId);
        Assert.Equal(new Guid("698786c3-38c3-5ecd-a664-7dc7cb075fed"), plan.Accounts[0].AccountId);
        Assert.Equal(new Guid("91ced9a4-6cd5-53f1-a9f0-e8e272366098"), plan.Accounts[0].Movements[0].Id);
        Assert.Equal("XB04BERK000000000010", plan.Accounts[0].Number.Value);
    }

    [Fact]
    public void A_copy_shares_no_id_or_number_with_the_bank_or_another_copy()
    {
        _bank.Edit("trans.asc", ";500.00;500.00;", ";500.00;500.10;");
        var banks = new[] { _bank.Plan(), _bank.Plan(copy: 1), _bank.Plan(copy: 10) };
        var ids = banks.SelectMany(IdsOf).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void A_copy_has_the_same_history_and_provenance()
    {
        var (bank, copy) = (_bank.Plan(), _bank.Plan(copy: 7));
        Assert.Equal(bank.Summary with { Discrepancies = [] }, copy.Summary with { Discrepancies = [] });
        Assert.Equal(bank.Accounts.Select(account => account.Source), copy.Accounts.Select(account => account.Source));
        Assert.Equal(copy.Customers[0].CustomerId, copy.Accounts[0].OwnerId);
        Assert.Equal(("10-7", "Client 1-7"), (copy.Accounts[0].ExternalId, copy.Customers[0].Name));
    }

    [Fact]
    public void Copies_of_a_read_bank_equal_those_read_from_its_folder()
    {
        var bank = Berka.BerkaImport.Read(_bank.Path);
        string[] expected = [PlanText.Of(_bank.Plan()), PlanText.Of(_bank.Plan(copy: 1))];
        _bank.Delete("trans.asc");

        Assert.Equal(expected, new[] { 0, 1 }.Select(copy => PlanText.Of(bank.Plan(copy))));
    }

    public void Dispose() => _bank.Dispose();

    private static IEnumerable<string> IdsOf(MigrationPlan plan) =>
    [
        .. plan.Customers.SelectMany(customer => new[] { $"{customer.CustomerId}", $"client {customer.ExternalId}" }),
        .. plan.Accounts.SelectMany(account => new[] { $"{account.AccountId}", $"account {account.ExternalId}", account.Number.Value }),
        .. plan.Accounts.SelectMany(account => account.Movements).Select(row => $"{row.Id}"),
        .. plan.Accounts.SelectMany(account => account.Movements).Select(row => row.Rounding).OfType<Accounts.Contracts.HistoricRounding>()
            .Select(rounding => $"{rounding.Id}"),
    ];
}
