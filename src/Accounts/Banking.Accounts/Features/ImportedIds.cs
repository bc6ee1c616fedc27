using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements.Domain;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;

namespace Banking.Accounts.Features;

/// <summary>The ids of imported events, except movements: their ids are derived by the import from the source row.</summary>
internal static class ImportedIds
{
    public static ImportRule Rule { get; } = new(Problem);

    public static Guid Opened(Guid account) => DeterministicId.From(account, "opened");

    public static Guid Delegate(Guid account, Guid customer) => DeterministicId.From(account, $"delegate/{customer:N}");

    public static Guid Schedule(Guid statements) => DeterministicId.From(statements, "imported-schedule");

    private static string? Problem(ReceiptedEvent e, ImportedRow row) =>
        (e.Type == EventNames.All[typeof(AccountOpened)] && e.Id != Opened(e.Stream))
        || (
            e.Type == EventNames.All[typeof(DelegateAuthorized)]
            && (Customer(e) is not { } customer || e.Id != Delegate(e.Stream, customer)))
        || (e.Type == StatementEventNames.All[typeof(StatementScheduleImported)] && e.Id != Schedule(e.Stream))
            ? "the id is derived from the account"
            : null;

    private static Guid? Customer(ReceiptedEvent e)
    {
        using var data = JsonDocument.Parse(e.Data);
        return
            data.RootElement.TryGetProperty("customer", out var customer)
            && customer.ValueKind == JsonValueKind.String
            && customer.TryGetGuid(out var id)
            ? id
            : null;
    }
}
