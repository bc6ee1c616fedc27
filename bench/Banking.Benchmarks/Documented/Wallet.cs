namespace Banking.Benchmarks.Documented;

public sealed record WalletOpened(long Balance);

public sealed record WalletDebited(Guid TransferId, long Amount);

public sealed record WalletCredited(Guid TransferId, long Amount);

/// <summary>The account of the references.</summary>
public sealed record Wallet(Guid Id, long Balance)
{
    public static Wallet Create(JasperFx.Events.IEvent<WalletOpened> e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return new(e.StreamId, e.Data.Balance);
    }

    public Wallet Apply(WalletDebited e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return this with { Balance = Balance - e.Amount };
    }

    public Wallet Apply(WalletCredited e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return this with { Balance = Balance + e.Amount };
    }
}
