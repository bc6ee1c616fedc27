using System.Text.Json;

namespace Banking.SharedKernel.Tests;

public sealed class RecordTests
{
    [Fact]
    public void Provenance_is_a_value_that_survives_JSON()
    {
        var row = new SourceRow("rides", "payments.csv", 2, "p-17");

        Assert.Equal(row, JsonSerializer.Deserialize<SourceRow>(JsonSerializer.Serialize(row)));
        Assert.NotEqual(row, row with { Line = 3 });
    }
}
