using Banking.SharedKernel;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

// What a lane says while something is in its way, and how long it rests.
internal sealed partial class Publisher
{
    private async Task SayAsync(string trouble, int attempts, CancellationToken ct)
    {
        // Brokers and endpoints answer what they like, and it is stored and shown.
        trouble = PlainText.Escaped(trouble);
        if (trouble != _said)
        {
            logger.LogWarning("Publication to {Destination}: {Trouble}", spec.Name, trouble);
        }

        _said = trouble;
        await store.SayAsync(spec.Name, trouble, attempts, ct);
    }

    /// <summary>Said while a delivery goes on: what cannot be written down now will be said again.</summary>
    private async Task SayQuietlyAsync(string trouble, CancellationToken ct)
    {
        if (PlainText.Escaped(trouble) == _said)
        {
            return;
        }

        try
        {
            await SayAsync(trouble, 1, ct);
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            logger.LogDebug(failure, "What is in the way of {Destination} could not be written down", spec.Name);
        }
    }

    /// <summary>
    /// Leaves the destination alone for a while: until somebody asks for something on this host, or on another holds it or has let it go
    /// on.
    /// </summary>
    private async Task RestAsync(TimeSpan howLong, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        for (var left = howLong; left > TimeSpan.Zero; left = howLong - clock.GetElapsedTime(since))
        {
            if (await signals.WaitAsync(spec.Name, left < Pause ? left : Pause, ct)
                || await store.FindAsync(spec.Name, ct) is not { Held: null, Trouble.Attempts: > 0 })
            {
                return;
            }
        }
    }
}
