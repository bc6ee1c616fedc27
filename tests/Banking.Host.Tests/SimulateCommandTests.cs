using System.Text.Json;
using Banking.SharedKernel;

namespace Banking.Host.Tests;

/// <summary>The command that asks what would have happened otherwise, on an imported bank without a host.</summary>
public sealed class SimulateCommandTests
{
    [Fact]
    public async Task It_prints_what_would_be_otherwise_and_ends_with_1_or_with_0_where_nothing_would()
    {
        var bank = await ImportedBank.UntouchedAsync();
        var booked = (await bank.RowsAsync(
            """
            select stream_id, id, data -> 'amount' ->> 'minor' from bank.mt_events
            where type = 'accounts.money-deposited.v3' and (data -> 'amount' ->> 'minor')::bigint > 0 order by seq_id limit 1
            """))[0].Split('|');
        var (account, deposit) = (PublicId.Format("acc", Guid.Parse(booked[0])), PublicId.Format("dep", Guid.Parse(booked[1])));
        var omit = new { accounts = new[] { account }, changes = new[] { new { omit = deposit } } };

        var (exitCode, output, error) = await SimulateAsync(bank, omit, "--json");
        var nothing = await SimulateAsync(bank, new { accounts = new[] { account } });

        Assert.True((exitCode, nothing.ExitCode) == (1, 0), output + error + nothing.Error);
        var difference = Assert.Single(JsonDocument.Parse(output).RootElement.GetProperty("differences").EnumerateArray());
        Assert.Equal(("omitted", deposit), (difference.GetProperty("kind").GetString(), difference.GetProperty("id").GetString()));
        Assert.Contains("0 decisions, 0 accounts differ.", nothing.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_imported_entry_can_be_left_out_by_the_id_that_lists_show()
    {
        var bank = await ImportedBank.UntouchedAsync();
        var row = (await bank.RowsAsync(
            """
            select d.stream_id, d.id, m.id, m.type from bank.mt_events d join bank.mt_events m on m.id = (d.data ->> 'movement')::uuid
            where d.type = 'accounts.difference-booked.v1' order by d.seq_id limit 1
            """))[0].Split('|');
        string[] entries =
        [
            PublicId.Format("cor", Guid.Parse(row[1])),
            PublicId.Format(row[3].StartsWith("accounts.money-deposited", StringComparison.Ordinal) ? "dep" : "wdr", Guid.Parse(row[2])),
        ];

        var (exitCode, output, error) = await SimulateAsync(
            bank, new { accounts = new[] { PublicId.Format("acc", Guid.Parse(row[0])) }, changes = entries.Select(omit => new { omit }) },
            "--json");

        Assert.True(exitCode == 1, output + error);
        Assert.Equal(
            entries.Order(),
            JsonDocument.Parse(output).RootElement.GetProperty("differences").EnumerateArray()
                .Select(d => d.GetProperty("id").GetString()).Order());
    }

    [Fact]
    public async Task A_question_that_does_not_fit_is_refused_with_the_place_of_the_mistake_and_ends_with_2()
    {
        var bank = await ImportedBank.UntouchedAsync();

        var missing = await bank.RunProcessAsync("simulate", "/no/such/file");
        var nobody = await SimulateAsync(bank, new { accounts = new[] { "acc_1" } });

        Assert.Equal((2, 2), (missing.ExitCode, nobody.ExitCode));
        Assert.Contains("There is no file /no/such/file.", missing.Error, StringComparison.Ordinal);
        Assert.Contains("account_not_found: There is no such account. (#/accounts/0)", nobody.Error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Error)> SimulateAsync(
        ImportedBank bank, object request, params string[] options)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(request));
            return await bank.RunProcessAsync(["simulate", file, .. options]);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
