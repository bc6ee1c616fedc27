using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Finds lookup documents that their account did not write: access rights, account numbers and external ids. Missing documents are found by
/// the comparison of states.
/// </summary>
internal sealed class LookupComparison : StoredComparison
{
    /// <summary>
    /// Selects the documents of a table that differ from their account, or whose account does not exist. Ids are compared as text, because
    /// a forged one may not be a UUID.
    /// </summary>
    private static string Of(string table, string foreign) =>
        $"""
        select '{table}' as document, d.data ->> 'accountId' as account, d.data::text, d.id::text
        from {AccountsModule.Schema}.mt_doc_{table} d
        left join {AccountsModule.Schema}.mt_doc_account s on s.id::text = d.data ->> 'accountId'
        where s.id is not null and ({foreign})
            or s.id is null and not exists (select from {SchemaNames.Events}.mt_streams t where t.id::text = d.data ->> 'accountId')
        """;

    private static readonly string Sql =
        string.Join(
            " union all ",
            Of(
                "account_access",
                "s.data ->> 'owner' is distinct from d.data ->> 'customerId' and not s.data -> 'delegates' ? (d.data ->> 'customerId')"),
            Of("account_number", "s.data ->> 'number' is distinct from d.id"),
            Of("account_external_id", "s.data ->> 'externalId' is distinct from d.data ->> 'externalId'"))
        + $" order by 1, 2 limit {MaxDifferences}";

    public override string Name => "lookups";

    public override Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct) => snapshot.ListAsync(
        Sql,
        [],
        row => new Difference(
            Name,
            row.GetString(0),
            Guid.TryParse(row.GetOrDefault<string>(1), out var account) ? account : null,
            null,
            row.GetString(2))
        {
            Key = row.GetString(3),
        },
        ct,
        timeoutSeconds: 0);
}
