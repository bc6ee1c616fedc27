using System.Runtime.CompilerServices;
using Marten;

namespace Banking.EventStore.Versions;

/// <summary>
/// An earlier version of an event: its stored name and shape, and the conversions between it and the present event. Every reader converts
/// it; it is written only while <see cref="EventSettings.WriteVersionsOf"/> asks for it.
/// </summary>
/// <param name="Name">Its stored name.</param>
/// <param name="Stored">The type that reads its data.</param>
/// <param name="Present">The event that it is converted to.</param>
/// <param name="ReplacedOn">The day from which on releases of the bank know the next version.</param>
/// <param name="Upcaster">The name of the conversion to the present event.</param>
public sealed record EarlierVersion(string Name, Type Stored, Type Present, DateOnly ReplacedOn, string Upcaster)
{
    /// <summary>Converts the data of this version to the present event.</summary>
    public required Func<object, object> Upcast { get; init; }

    /// <summary>Converts the present event to this version; null if this version cannot say it.</summary>
    public required Func<object, object?> Downcast { get; init; }

    private Action<StoreOptions> Register { get; init; } = _ => { };

    /// <param name="upcast">Converts this version to the present event. Pure, because it runs at each reading.</param>
    /// <param name="downcast">Converts the present event to this version; null if this version cannot say it.</param>
    public static EarlierVersion Of<TStored, TPresent>(
        string name,
        DateOnly replacedOn,
        Func<TStored, TPresent> upcast,
        Func<TPresent, TStored?> downcast,
        [CallerArgumentExpression(nameof(upcast))] string upcaster = "")
        where TStored : class
        where TPresent : class =>
        new(name, typeof(TStored), typeof(TPresent), replacedOn, upcaster)
        {
            Upcast = e => upcast((TStored)e),
            Downcast = e => downcast((TPresent)e),
            Register = store => store.Events.Upcast(name, upcast),
        };

    /// <summary>Makes Marten's readers and the bank's own convert it.</summary>
    public void AddTo(StoreOptions store) => Register(store);
}
