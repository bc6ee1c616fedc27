using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>Earlier versions stored receipts as documents, not in columns.</summary>
public sealed class EarlierReceiptTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_answered_by_an_earlier_version_gets_the_same_answer(bool isTimeUnreadable)
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        var first = (await teller.DepositAsync(account, "5.00", "EUR", key)).Created();

        // The form of the earlier version: one document per receipt, with the full hash as its id.
        await using (var command = bank.Owner.CreateCommand(
            $"""
            create table platform.mt_doc_receipt (id varchar primary key, data jsonb not null);
            update platform.schema_part set fingerprint = 'of the earlier version';
            update platform.receipt r set body = a.body from platform.receipt_answer a where a.id = r.id;
            delete from platform.receipt_answer;
            with moved as (delete from platform.receipt returning *)
            insert into platform.mt_doc_receipt select replace(id::text, '-', '') || repeat('0', 32), jsonb_strip_nulls(jsonb_build_object(
                'fingerprint', encode(fingerprint, 'hex'), 'status', status, 'body', body, 'location', location, 'version', version,
                'eventId', event_id, 'recordedAt', {(isTimeUnreadable ? "'soon'::text" : "recorded_at")})) from moved;
            """))
        {
            await command.ExecuteNonQueryAsync();
        }

        await using var upgraded = await bank.StartAnotherAsync();
        var again = (await BankFixture.On(upgraded, "teller").DepositAsync(account, "5.00", "EUR", key)).Created();
        Assert.Equal(
            ("true", first.Body, first.Header("ETag"), first.Header("Ledger-Position"), first.Header("Location")),
            (
                again.Header("Idempotency-Replayed"),
                again.Body,
                again.Header("ETag"),
                again.Header("Ledger-Position"),
                again.Header("Location")));
        Assert.Equal("5.00", await teller.BalanceAsync(account));
    }
}
