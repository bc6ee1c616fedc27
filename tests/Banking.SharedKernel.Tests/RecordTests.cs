using System.Text.Json;

namespace Banking.SharedKernel.Tests;

public sealed class RecordTests
{
    [Fact]
    public void Provenance_and_reasons_are_values_that_survive_JSON()
    {
        var row = new SourceRow("rides", "payments.csv", 2, "p-17");
        var reason = new Reason("customer-request", null);

        Assert.Equal(row, JsonSerializer.Deserialize<SourceRow>(JsonSerializer.Serialize(row)));
        Assert.Equal(reason, JsonSerializer.Deserialize<Reason>(JsonSerializer.Serialize(reason)));
        Assert.NotEqual(row, row with { Line = 3 });
        Assert.NotEqual(reason, reason with { Text = "called" });
    }
}
