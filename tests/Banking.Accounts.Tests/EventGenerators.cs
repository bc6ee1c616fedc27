using System.Text;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.SharedKernel;
using CsCheck;

namespace Banking.Accounts.Tests;

/// <summary>Generators of any event, by type. A new event type needs an entry here, or EventJsonTests fail.</summary>
internal static class EventGenerators
{
    /// <summary>
    /// Characters of any script, including quotes, backslashes and emoji. NUL is left out, because it is refused before storing.
    /// </summary>
    private static readonly Gen<string> Text = Gen.OneOf<int>(Gen.Int[1, 0x7F], Gen.Int[0x80, 0xD7FF], Gen.Int[0xE000, 0x10FFFF])
        .Array[0, 20]
        .Select(scalars => string.Concat(scalars.Select(s => new Rune(s).ToString())));

    private static readonly Gen<string?> Optional = Text.Null();

    private static readonly Gen<Currency> Currencies = Gen.OneOf<Currency>(
        Gen.OneOf("EUR", "JPY", "KWD", "CLF").Select(Currency.Parse),
        // Withdrawn currencies, and currencies with another scale than today's, as older events may hold them.
        Gen.Select(Gen.OneOf("HRK", "EUR", "ZZZ"), Gen.Int[0, 18], Currency.FromStored));

    private static readonly Gen<Money> Amounts = Gen.Select(
        Gen.OneOf<long>(Gen.Long, Gen.OneOf(0L, 1L, long.MaxValue, Guards.MaxBalance)),
        Currencies,
        (minor, currency) => new Money(minor, currency));

    /// <summary>Amounts of movements that commands can make.</summary>
    private static readonly Gen<Money> Positive = Amounts.Select(m =>
        m with
        {
            Minor = Math.Max(1, m.Minor == long.MinValue ? 1 : Math.Abs(m.Minor)),
        });

    private static readonly Gen<Money> Limits = Gen.OneOf<Money>(Positive, Currencies.Select(Money.Zero));

    private static readonly Gen<DateTimeOffset> Instants = Gen.Long[DateTimeOffset.MinValue.Ticks, DateTimeOffset.MaxValue.Ticks]
        .Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero));

    private static readonly Gen<AccountNumber> Numbers = Gen.Long[0, 999_999_999_999]
        .Select(n => AccountNumber.Create("XB", $"BANK{n:D12}"));

    private static readonly Gen<SourceRow?> Sources = Gen.Select(Text, Text, Gen.Int, Text, (system, file, line, id) =>
            new SourceRow(system, file, line, id))
        .Null();

    private static readonly Gen<MovementDetails?> Details = Gen.Select(
            Optional,
            Optional,
            Optional,
            Gen.Select(Optional, Optional, (bank, account) => new Counterparty(bank, account)).Null(),
            Gen.Select(Optional, Optional, (code, text) => new Purpose(code, text)).Null(),
            (operation, reference, endToEndId, counterparty, purpose) =>
                new MovementDetails(operation, purpose, reference, counterparty, endToEndId))
        .Null();

    public static IReadOnlyDictionary<Type, Gen<object>> All { get; } =
        new Dictionary<Type, Gen<object>>
        {
            [typeof(AccountOpened)] = Gen.Select(
                Numbers,
                Gen.Guid,
                Text,
                Limits,
                Instants,
                Optional,
                Sources,
                (number, owner, product, limit, at, external, source) =>
                    (object)new AccountOpened(number, owner, product, limit, at, external, source)),
            [typeof(DelegateAuthorized)] = Gen.Select(Gen.Guid, Instants, Sources, (customer, at, source) =>
                (object)new DelegateAuthorized(customer, at, source)),
            [typeof(MoneyDeposited)] = Gen.Select(
                Positive,
                Gen.Enum<BankSide>(),
                Instants,
                Details,
                Sources,
                (amount, side, at, details, source) => (object)new MoneyDeposited(amount, side, at, details, source)),
            [typeof(MoneyWithdrawn)] = Gen.Select(
                Positive,
                Gen.Enum<BankSide>(),
                Instants,
                Details,
                Sources,
                (amount, side, at, details, source) => (object)new MoneyWithdrawn(amount, side, at, details, source)),
            [typeof(TransferSent)] = Gen.Select(
                Gen.Guid,
                Gen.Guid,
                Numbers,
                Positive,
                Instants,
                Details,
                (id, to, number, amount, at, details) => (object)new TransferSent(id, to, number, amount, at, details)),
            [typeof(TransferReceived)] = Gen.Select(
                Gen.Guid,
                Gen.Guid,
                Numbers,
                Positive,
                Instants,
                Details,
                (id, from, number, amount, at, details) => (object)new TransferReceived(id, from, number, amount, at, details)),
            [typeof(DifferenceBooked)] = Gen.Select(
                Gen.Guid,
                Text,
                Gen.Enum<Direction>(),
                Positive,
                Gen.Enum<BankSide>(),
                Instants,
                Sources,
                (corrects, why, direction, amount, side, at, source) =>
                    (object)new DifferenceBooked(corrects, why, direction, amount, side, at, source)),
            [typeof(MovementReversed)] = Bookings((link, direction, amount, at, side, other, details) =>
                new MovementReversed(link, direction, amount, at, side, other, details)),
            [typeof(MovementRebooked)] = Bookings((link, direction, amount, at, side, other, details) =>
                new MovementRebooked(link, direction, amount, at, side, other, details)),
            [typeof(AccountFrozen)] = Gen.Select(Gen.Enum<FreezeScope>(), Instants, (scope, at) => (object)new AccountFrozen(scope, at)),
            [typeof(AccountUnfrozen)] = Gen.Select(Gen.Enum<FreezeScope>(), Instants, (scope, at) =>
                (object)new AccountUnfrozen(scope, at)),
            [typeof(OverdraftLimitSet)] = Gen.Select(Limits, Instants, (limit, at) => (object)new OverdraftLimitSet(limit, at)),
            [typeof(AccountClosed)] = Instants.Select(at => (object)new AccountClosed(at)),
            [typeof(AccountCarriedForward)] = Gen.Select(
                Gen.Select(Numbers, Gen.Guid, Text, Gen.Enum<AccountStatus>(), Amounts, Limits),
                Gen.Select(Instants, Instants, Gen.Bool, Gen.Bool, Optional, Optional),
                (a, b) => (object)new AccountCarriedForward(
                    a.Item1, a.Item2, a.Item3, a.Item4, a.Item5, a.Item6, b.Item1, b.Item2, b.Item3, b.Item4, b.Item5, b.Item6)),
        };

    public static Gen<Account> Accounts { get; } =
        Gen.Select(
            Gen.Select(Gen.Guid, Gen.Long[1, long.MaxValue], Instants, Numbers, Gen.Guid, Gen.Guid.Array[0, 3]),
            Gen.Select(Text, Gen.Enum<AccountStatus>(), Amounts, Gen.Long, Gen.Bool, Gen.Bool, Instants, Optional),
            (a, b) =>
                new Account(
                    a.Item1,
                    a.Item2,
                    a.Item3,
                    a.Item4,
                    a.Item5,
                    a.Item6,
                    b.Item1,
                    b.Item2,
                    b.Item3,
                    b.Item3 with
                    {
                        Minor = b.Item4,
                    },
                    b.Item5,
                    b.Item6,
                    b.Item7,
                    b.Item8));

    private static Gen<object> Bookings(
        Func<CorrectionLink, Direction, Money, DateTimeOffset, BankSide?, OtherAccount?, MovementDetails?, object> make) => Gen.Select(
        Gen.Select(
            Gen.Guid,
            Gen.Guid,
            Gen.Guid,
            Gen.Enum<TransactionKind>(),
            Gen.Enum<CorrectionKind>(),
            (id, corrects, transaction, of, kind) => new CorrectionLink(id, corrects, transaction, of, kind)),
        Gen.Enum<Direction>(),
        Positive,
        Instants,
        Gen.Enum<BankSide>().Select(side => (BankSide?)side),
        Gen.Select(Gen.Guid, Numbers, (id, number) => new OtherAccount(id, number)).Null(),
        Details,
        make);
}
