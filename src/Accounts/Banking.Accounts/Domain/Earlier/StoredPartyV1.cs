using Banking.Accounts.Contracts;

namespace Banking.Accounts.Domain.Earlier;

/// <summary>A counterparty as the first two versions of events have it: readable in the database.</summary>
public sealed record StoredPartyV1(string? Bank, string? Account)
{
    public static Counterparty? Upcast(StoredPartyV1? party) => party is null ? null : new(party.Bank, party.Account);

    public static StoredPartyV1? Downcast(Counterparty? party) => party is null ? null : new(party.Bank, party.Account);
}
