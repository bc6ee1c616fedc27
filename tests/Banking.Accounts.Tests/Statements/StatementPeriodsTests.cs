using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Statements.Domain;

namespace Banking.Accounts.Tests.Statements;

/// <summary>The periods of scheduled statements.</summary>
public sealed class StatementPeriodsTests
{
    [Theory]
    [InlineData(StatementFrequency.Monthly, "2028-02-29", "2028-02-01", "2028-03-01")]
    [InlineData(StatementFrequency.Monthly, "2026-12-31", "2026-12-01", "2027-01-01")]
    [InlineData(StatementFrequency.Weekly, "2026-11-16", "2026-11-16", "2026-11-23")]
    [InlineData(StatementFrequency.Weekly, "2026-11-22", "2026-11-16", "2026-11-23")]
    [InlineData(StatementFrequency.Weekly, "2027-01-01", "2026-12-28", "2027-01-04")]
    public void A_day_is_in_one_period(StatementFrequency frequency, string day, string from, string to) =>
        Assert.Equal((Day(from), Day(to)), StatementPeriods.Of(frequency, Day(day)));

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "O", CultureInfo.InvariantCulture);
}
