using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Reads all pages of a list.</summary>
internal static class Pages
{
    public static async Task<IReadOnlyList<IReadOnlyList<JsonElement>>> AllAsync(BankClient caller, string path, int limit,
        Func<Task>? between = null)
    {
        var pages = new List<IReadOnlyList<JsonElement>>();
        for (string? cursor = null; pages.Count == 0 || cursor is not null;)
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var next = $"{path}{separator}limit={limit}{(cursor is null ? "" : "&cursor=" + cursor)}";
            var page = (await caller.GetAsync(next)).Ok();
            pages.Add(page.Items());
            cursor = page.NextCursor();
            await (between?.Invoke() ?? Task.CompletedTask);
        }

        return pages;
    }
}
