using System.Globalization;
using System.Text.Json;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>Runs the import command in the test process, and reads its report and the resulting database.</summary>
internal static class BerkaCommand
{
    public static async Task<JsonElement> ImportAsync(string database, string folder, params string[] options)
    {
        var (exitCode, output, error) = await HostCommand.RunAsync(
            ["import", "berka", folder, "--json", .. options], ("ConnectionStrings__banking", database));
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    public static async Task<long> ScalarAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public static int Int(JsonElement report, string name) => report.GetProperty(name).GetInt32();

    public static decimal Decimal(JsonElement element, string name) =>
        decimal.Parse(element.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
}
