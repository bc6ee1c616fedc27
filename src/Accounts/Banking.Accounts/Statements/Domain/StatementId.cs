using Banking.SharedKernel;

namespace Banking.Accounts.Statements.Domain;

/// <summary>The public form of statement ids.</summary>
internal static class StatementId
{
    public const string Prefix = "stm";

    public static string Format(Guid id) => PublicId.Format(Prefix, id);
}
