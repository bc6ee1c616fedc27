using System.Text;

namespace Banking.Migration.Tests;

public sealed class MalformedFileTests : IDisposable
{
    private readonly BerkaFolder _bank = new();

    // The text in the file, its replacement, and the line and field of the error.
    [Theory]
    [InlineData("client.asc", "\"birth_number\";", "", 1, "birth_number")]
    [InlineData("account.asc", "\"date\"", "\"opened\"", 1, "date")]
    [InlineData("disp.asc", "\"client_id\"", "\"account_id\"", 1, "client_id")]
    [InlineData("disp.asc", "\"disp_id\"", "\"type\"", 1, "disp_id")]
    [InlineData("order.asc", "\"k_symbol\"", "\"K_SYMBOL\"", 1, "k_symbol")]
    [InlineData("trans.asc", "\"balance\";", "", 1, "balance")]
    [InlineData("trans.asc", "\"bank\"", "\"account\"", 1, "bank")]
    [InlineData("trans.asc", "\"bank\";\"account\"", "\"bank\";\"account\";\"bank\"", 1, "bank")]
    [InlineData("client.asc", "\"birth_number\"", "\"birth_number", 1, "column 2")]
    [InlineData("client.asc", "2;\"406009\"", "0;\"406009\"", 3, "client_id")]
    [InlineData("client.asc", "2;\"406009\"", "1;\"406009\"", 3, "client_id")]
    [InlineData("client.asc", "406009", "401309", 3, "birth_number")]
    [InlineData("client.asc", "406009", "406309", 3, "birth_number")]
    [InlineData("client.asc", "450204", "450230", 2, "birth_number")]
    [InlineData("client.asc", "450204", "45020", 2, "birth_number")]
    [InlineData("client.asc", ";18", ";Praha", 2, "district_id")]
    [InlineData("account.asc", "20;74", "1234567890123;74", 3, "account_id")]
    [InlineData("account.asc", "20;74", "10;74", 3, "account_id")]
    [InlineData("account.asc", "20;74", "20;", 3, "district_id")]
    [InlineData("account.asc", "POPLATEK MESICNE", "POPLATEK ROCNE", 2, "frequency")]
    [InlineData("account.asc", "930101", "930229", 2, "date")]
    [InlineData("disp.asc", "2;2;10", "1;2;10", 3, "disp_id")]
    [InlineData("disp.asc", "2;2;10", "2;3;10", 3, "client_id")]
    [InlineData("disp.asc", "2;2;10", "2;1;10", 3, "client_id")]
    [InlineData("disp.asc", "2;2;10", "2;2;11", 3, "account_id")]
    [InlineData("disp.asc", "DISPONENT", "DISPONENTKA", 3, "type")]
    [InlineData("disp.asc", "DISPONENT", "OWNER", 3, "type")]
    [InlineData("order.asc", "7;10", "x;10", 2, "order_id")]
    [InlineData("order.asc", "7;10", "7;30", 2, "account_id")]
    [InlineData("order.asc", "2452.00", "2452,00", 2, "amount")]
    [InlineData("order.asc", "SIPO", "NAJEM", 2, "k_symbol")]
    [InlineData("trans.asc", "101;10", "1O1;10", 3, "trans_id")]
    [InlineData("trans.asc", "101;10", "100;10", 3, "trans_id")]
    [InlineData("trans.asc", "101;10", "101;11", 3, "account_id")]
    [InlineData("trans.asc", "101;10", "101;+10", 3, "account_id")]
    [InlineData("trans.asc", "930102", "19930102", 3, "date")]
    [InlineData("trans.asc", "930102", "930100", 3, "date")]
    [InlineData("trans.asc", "930102", "93010٢", 3, "date")]
    [InlineData("trans.asc", "\"VYDAJ\"", "\"PREVOD\"", 3, "type")]
    [InlineData("trans.asc", "\"VYDAJ\"", "\"\"", 3, "type")]
    [InlineData("trans.asc", "PREVOD NA UCET", "PREVOD NA MARS", 3, "operation")]
    [InlineData("trans.asc", "200.00", "12,5", 3, "amount")]
    [InlineData("trans.asc", "200.00", "-200.00", 3, "amount")]
    [InlineData("trans.asc", "200.00", "200.001", 3, "amount")]
    [InlineData("trans.asc", "200.00", "2e2", 3, "amount")]
    [InlineData("trans.asc", "200.00", "", 3, "amount")]
    [InlineData("trans.asc", "200.00", "92233720368547.00", 3, "amount")]
    [InlineData("trans.asc", "200.00", "99999999999999999999.00", 3, "amount")]
    [InlineData("trans.asc", "800.00", "--800.00", 3, "balance")]
    [InlineData("trans.asc", "800.00", "NaN", 3, "balance")]
    [InlineData("trans.asc", "SIPO", "DANE", 3, "k_symbol")]
    [InlineData("trans.asc", "\"SIPO\"", "\"\t\"", 3, "k_symbol")]
    [InlineData("trans.asc", "\"PREVOD NA UCET\"", "\"\t\"", 3, "operation")]
    [InlineData("trans.asc", "\"YZ\"", "\"Y\0Z\"", 3, "bank")]
    [InlineData("trans.asc", "\"YZ\"", "\"YZ\t\"", 3, "bank")]
    [InlineData("trans.asc", ";\"YZ\";\"87144583\"", "", 3, "bank")]
    [InlineData("trans.asc", "\"87144583\"", "\"87144583\";", 3, "account")]
    [InlineData("trans.asc", "\"SIPO\"", "\"SIPO", 3, "k_symbol")]
    [InlineData("trans.asc", "\"87144583\"", "\"87144583", 3, "account")]
    [InlineData("trans.asc", "\"SIPO\"", "\"SIPO\"x", 3, "k_symbol")]
    public void The_error_of_a_malformed_file_names_file_line_and_field(
        string file, string found, string replacement, int line, string field)
    {
        _bank.Edit(file, found, replacement);
        AssertRefused(file, line, field);
    }

    [Fact]
    public void The_message_has_the_problem_and_its_place()
    {
        _bank.Edit("trans.asc", "200.00", "12,5");
        Assert.Equal(
            "trans.asc, line 3, field amount: '12,5' is not an amount: digits, a point and at most 2 decimals.",
            Refusal().Message);
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused_where_a_byte_order_mark_says_UTF_8()
    {
        var text = _bank.Read("trans.asc").Replace("YZ", "Národní", StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(_bank.Path, "trans.asc"), [0xEF, 0xBB, 0xBF, .. Encoding.Latin1.GetBytes(text)]);
        AssertRefused("trans.asc", 3, null);
    }

    [Fact]
    public void An_account_without_owner_is_refused_at_the_account()
    {
        _bank.Edit("disp.asc", "3;2;20;\"OWNER\"\n", "");
        AssertRefused("account.asc", 3, "account_id");
    }

    [Fact]
    public void Empty_lines_count()
    {
        _bank.Edit("trans.asc", "101;10;930102", "\n\n101;10;930199");
        AssertRefused("trans.asc", 5, "date");
    }

    [Theory]
    [InlineData("client.asc")]
    [InlineData("account.asc")]
    [InlineData("disp.asc")]
    [InlineData("order.asc")]
    [InlineData("trans.asc")]
    public void All_five_files_must_exist(string file)
    {
        _bank.Delete(file);
        AssertRefused(file, null, null);
    }

    [Theory]
    [InlineData("client.asc", "client_id")]
    [InlineData("trans.asc", "trans_id")]
    public void An_empty_file_lacks_its_header(string file, string field)
    {
        _bank.Write(file, "");
        AssertRefused(file, 1, field);
    }

    [Theory]
    [InlineData("client.asc")]
    [InlineData("account.asc")]
    [InlineData("disp.asc")]
    [InlineData("trans.asc")]
    public void A_file_with_a_header_and_no_rows_is_refused(string file)
    {
        var header = _bank.Read(file).Split('\n')[0];
        _bank.Write(file, header + "\n\n");
        AssertRefused(file, null, null);
        Assert.Equal($"{file}: the file has a header but no rows, so the export is incomplete.", Refusal().Message);
        _bank.Write(file, header);
        AssertRefused(file, null, null);
    }

    [Theory]
    [InlineData("930104", false)]
    [InlineData("930105", true)]
    public void A_row_before_its_account_was_opened_is_refused_at_its_date(string date, bool isAccepted)
    {
        _bank.Edit("trans.asc", "102;20;930105", $"102;20;{date}");
        if (isAccepted)
        {
            Assert.Single(_bank.Plan().Accounts[1].Movements);
            return;
        }

        AssertRefused("trans.asc", 4, "date");
        Assert.EndsWith("account 20 was opened on 1993-01-05, after this row.", Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_error_of_a_missing_folder_names_it()
    {
        var missing = Path.Combine(_bank.Path, "nowhere");
        var refusal = Assert.Throws<MalformedFileException>(() => Berka.BerkaImport.Plan(missing));
        Assert.Equal((missing, null, null), (refusal.File, refusal.Line, refusal.Field));
        Assert.Equal($"{missing}: the folder does not exist.", refusal.Message);
    }

    public void Dispose() => _bank.Dispose();

    private MalformedFileException Refusal() => Assert.Throws<MalformedFileException>(() => _bank.Plan());

    private void AssertRefused(string file, int? line, string? field)
    {
        var refusal = Refusal();
        Assert.Equal((file, line, field), (refusal.File, refusal.Line, refusal.Field));
    }
}
