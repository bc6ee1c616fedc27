using Banking.EventStore.Published;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Architecture.Tests;

/// <summary>One published event of each contract, made from the stored event in <see cref="Examples"/>.</summary>
internal static class PublishedExamples
{
    private static readonly Guid Id = new("019b9408-b280-7000-8000-000000000042");
    private static readonly Guid Stream = new("019b9408-b280-7000-8000-000000000001");
    private static readonly DateTimeOffset At = new(2026, 1, 6, 15, 0, 1, TimeSpan.Zero);

    public static PublicEvent Of(PublicContract contract)
    {
        var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(contract.Stored), Examples.All[contract.Stored])!;
        e.Id = Id;
        e.StreamId = Stream;
        e.Timestamp = At;
        var about = contract.About?.Invoke(e);
        return new(
            PublicId.Format("evt", Id), contract.Type, about ?? Stream, PublicId.Format(contract.Prefix, about ?? Stream), At,
            about is null ? 7 : null, about is null ? 6 : null, 4_711, contract.ToData(e)!)
        {
            Epoch = "4b1d0a64c5f84c0f9d3a5f3f8f0f7a21",
        };
    }
}
