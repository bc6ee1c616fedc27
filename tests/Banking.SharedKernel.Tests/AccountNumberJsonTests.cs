using System.Text.Json;

namespace Banking.SharedKernel.Tests;

public sealed class AccountNumberJsonTests
{
    private static readonly AccountNumber German = AccountNumber.Parse("DE89370400440532013000");

    [Fact]
    public void The_empty_number_prints_nothing_and_is_not_stored()
    {
        Assert.Equal(("", "", ""), (default(AccountNumber).Value, default(AccountNumber).ToString(), default(AccountNumber).Grouped));
        Assert.Throws<JsonException>(() => JsonSerializer.Serialize(default(AccountNumber)));
    }

    [Fact]
    public void JSON_is_the_electronic_form_also_as_a_key()
    {
        Assert.Equal("\"DE89370400440532013000\"", JsonSerializer.Serialize(German));
        Assert.Equal(German, JsonSerializer.Deserialize<AccountNumber>("\"DE89370400440532013000\""));
        var keyed = new Dictionary<AccountNumber, int> { [German] = 1 };
        Assert.Equal("""{"DE89370400440532013000":1}""", JsonSerializer.Serialize(keyed));
        Assert.Equal(keyed, JsonSerializer.Deserialize<Dictionary<AccountNumber, int>>("""{"DE89370400440532013000":1}"""));
    }

    [Theory]
    [InlineData("\"DE88370400440532013000\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("1")]
    public void JSON_of_no_number_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<AccountNumber>(json));
}
