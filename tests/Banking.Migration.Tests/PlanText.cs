using System.Text.Json;

namespace Banking.Migration.Tests;

/// <summary>A plan as text, because records compare the lists in them by reference.</summary>
internal static class PlanText
{
    public static string Of(MigrationPlan plan) => JsonSerializer.Serialize(plan);

    /// <summary>Without the line numbers of booked rows, because moving a row changes only those.</summary>
    public static string WithoutLines(MigrationPlan plan) => Of(plan with
    {
        Accounts =
        [
            .. plan.Accounts.Select(account => account with
            {
                Movements = [.. account.Movements.Select(row => row with { Source = row.Source with { Line = 0 } })],
            }),
        ],
    });
}
