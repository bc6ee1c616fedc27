using System.Text;

namespace Banking.Migration.Tests;

/// <summary>Changes by editors and exporting programs that do not change the content.</summary>
public sealed class FileFormTests : IDisposable
{
    private static readonly string[] Names = ["client.asc", "account.asc", "disp.asc", "order.asc", "trans.asc"];
    private readonly BerkaFolder _bank = new();

    [Fact]
    public void Windows_line_ends_change_nothing() => AssertSamePlanAfter(text => text.ReplaceLineEndings("\r\n"));

    [Fact]
    public void A_byte_order_mark_changes_nothing() => AssertSamePlanAfter(text => $"\uFEFF{text}");

    [Fact]
    public void Quotes_around_everything_change_nothing() => AssertSamePlanAfter(text => string.Join('\n', text.Split('\n').Select(line =>
        line.Length == 0 ? line : string.Join(';', line.Split(';').Select(field => $"\"{field.Trim('"')}\"")))));

    [Fact]
    public void A_missing_last_line_end_changes_nothing() => AssertSamePlanAfter(text => text.TrimEnd('\n'));

    [Fact]
    public void The_order_of_columns_and_unknown_columns_change_nothing() =>
        AssertSamePlanAfter(text => string.Join('\n', text.TrimEnd('\n').Split('\n').Select((line, i) =>
            string.Join(';', line.Split(';').Reverse()) + (i == 0 ? ";\"note\"" : ";\"a; \"\"quoted\"\" remark\""))));

    [Fact]
    public void A_quoted_field_may_contain_separators_and_quotes()
    {
        _bank.Edit("trans.asc", "\"YZ\"", "\"Y;\"\"Z\"\"\"");
        Assert.Equal("Y;\"Z\"", _bank.Plan().Accounts[0].Movements[1].Details.Counterparty?.Bank);
    }

    [Fact]
    public void Letters_are_Latin_1()
    {
        var text = _bank.Read("trans.asc").Replace("YZ", "Národní", StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(_bank.Path, "trans.asc"), Encoding.Latin1.GetBytes(text));
        Assert.Equal("Národní", _bank.Plan().Accounts[0].Movements[1].Details.Counterparty?.Bank);
    }

    [Fact]
    public void A_bank_without_standing_orders_is_accepted()
    {
        _bank.Edit("order.asc", "7;10;\"YZ\";\"87144583\";2452.00;\"SIPO\"\n", "");
        Assert.Equal((2, 3, 0), (_bank.Plan().Accounts.Count, _bank.Plan().Summary.Transactions, _bank.Plan().Summary.OrdersRead));
    }

    public void Dispose() => _bank.Dispose();

    private void AssertSamePlanAfter(Func<string, string> change)
    {
        var before = PlanText.Of(_bank.Plan());
        foreach (var name in Names)
        {
            _bank.Write(name, change(_bank.Read(name)));
        }

        Assert.Equal(before, PlanText.Of(_bank.Plan()));
    }
}
