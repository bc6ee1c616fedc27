using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Banking.Consumer.Tests;

public sealed class BankEventTests
{
    private static readonly object Correction = new
    {
        corrects = "evt_1",
        direction = "debit",
        amount = new { value = "1.10", currency = "EUR" },
    };
    private static readonly object CorrectionBack = new
    {
        corrects = "evt_1",
        direction = "credit",
        amount = new { value = "1.10", currency = "EUR" },
    };

    [Fact]
    public void An_event_is_parsed_as_a_CloudEvent() =>
        Assert.Equal(
            new BankEvent(
                "evt_00000000000000000000000000000011",
                "banking.account.money-deposited.v1",
                new(Wire.Account, 2, 1),
                new Money(12.50m, "EUR")),
            BankEvent.Read(Wire.Deposited("12.50", 2).Bytes()));

    [Fact]
    public void The_opening_begins_the_series_with_zero_in_the_currency_of_the_account()
    {
        var opened = BankEvent.Read(Wire.Opened().Bytes());

        Assert.True(opened.OpensAccount);
        Assert.Equal((new SeriesPosition(Wire.Account, 1, null), new Money(0m, "EUR")), (opened.Position, opened.Effect));
    }

    public static TheoryData<string, string, string?> Effects => new()
    {
        { "money-deposited.v1", "plain", "1.10" },
        { "money-withdrawn.v1", "plain", "-1.10" },
        { "transfer-received.v1", "plain", "1.10" },
        { "transfer-sent.v1", "plain", "-1.10" },
        { "correction-booked.v1", "debit", "-1.10" },
        { "correction-booked.v1", "credit", "1.10" },
        { "movement-reversed.v1", "debit", "-1.10" },
        { "movement-reversed.v1", "credit", "1.10" },
        { "movement-rebooked.v1", "debit", "-1.10" },
        { "movement-rebooked.v1", "credit", "1.10" },
        { "account-frozen.v1", "plain", null },
        { "overdraft-limit-changed.v1", "plain", null },
        { "money-teleported.v1", "plain", null },
        { "money-deposited.v2", "plain", null },
    };

    [Theory]
    [MemberData(nameof(Effects))]
    public void Each_known_type_has_its_effect_and_an_unknown_one_has_none(string type, string data, string? effect)
    {
        var json = data switch { "debit" => Correction, "credit" => CorrectionBack, _ => Wire.Amount("1.10") };

        var read = BankEvent.Read(Wire.Event("banking.account." + type, json).Bytes());

        Assert.Equal(effect, read.Effect?.Value.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(2, read.Position?.Version);
    }

    [Fact]
    public void An_event_of_no_account_has_no_position()
    {
        var refused = Wire.Event("banking.transfer.refused.v1", new { reason = "insufficient-funds" }, version: null, previous: null);

        Assert.Null(BankEvent.Read(refused.Bytes()).Position);
    }

    [Theory]
    [InlineData("specversion", null)]
    [InlineData("id", null)]
    [InlineData("type", null)]
    [InlineData("subject", null)]
    [InlineData("data", null)]
    [InlineData("streamversion", "two")]
    [InlineData("previousversion", "2")]
    // CloudEvents requires an absolute address.
    [InlineData("dataschema", "/contracts/banking.account.money-deposited.v1.json")]
    [InlineData("time", "yesterday")]
    public void An_event_that_violates_the_contract_is_refused_and_not_skipped(string member, string? value)
    {
        var json = Wire.Deposited("12.50", 2);
        json.Remove(member);
        if (value is not null)
        {
            json[member] = int.TryParse(value, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : value;
        }

        Assert.Throws<FormatException>(() => BankEvent.Read(json.Bytes()));
    }

    [Theory]
    [InlineData("12,50")]
    [InlineData("1e3")]
    [InlineData("")]
    [InlineData(" 1.00")]
    [InlineData("0.12345678901234567890123456789012345")]
    public void An_amount_that_cannot_be_exact_is_refused(string value) =>
        Assert.Throws<FormatException>(() => BankEvent.Read(Wire.Deposited(value, 2).Bytes()));

    [Fact]
    public void Text_that_is_not_JSON_is_refused() =>
        Assert.Throws<FormatException>(() => BankEvent.Read(Encoding.UTF8.GetBytes("<event/>")));
}
