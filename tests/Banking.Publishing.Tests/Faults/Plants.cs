using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.Publishing.RabbitMq;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Publishing.Tests.Faults;

/// <summary>Possible faults of a publisher. A test that detects none of them proves nothing when it passes.</summary>
public enum Plant
{
    /// <summary>No fault: the unchanged bank.</summary>
    None,

    /// <summary>No publisher confirms: an event counts as delivered when it is written to the socket.</summary>
    ConfirmsOff,

    /// <summary>Progress is recorded without waiting for the delivery, and failures of the delivery are ignored.</summary>
    OutsideTheOutbox,

    /// <summary>Failed events are retried in random order, like the result of a query without <c>order by</c>.</summary>
    UnorderedRecovery,

    /// <summary>The consumer applies every delivery, including repeats.</summary>
    DeduplicationOff,
}

/// <summary>The bank's RabbitMQ destination with a planted fault.</summary>
internal sealed class PlantedSource(Plant plant, RabbitSettings settings, int seed) : IDestinationSource
{
    public const string Name = "planted";

    private readonly DeliveryState _state = new();
    private readonly Random _random = new(seed);
    private bool _failed;

    public Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<DestinationSpec>>(
        [new(Name, "rabbitmq", StartPosition.Beginning, "", OpenAsync)]);

    private async Task<Destination> OpenAsync(CancellationToken ct)
    {
        var inner = await RabbitDestination.OpenAsync(settings, _state, ct);
        return plant switch
        {
            Plant.ConfirmsOff => await Unconfirmed.OpenAsync(inner, settings, ct),
            Plant.OutsideTheOutbox => new Forgetful(inner),
            Plant.UnorderedRecovery => new Unordered(inner, this),
            _ => inner,
        };
    }

    private sealed class Unconfirmed(Destination inner, IConnection connection, IChannel channel, string exchange) : Destination
    {
        public static async Task<Unconfirmed> OpenAsync(Destination inner, RabbitSettings settings, CancellationToken ct)
        {
            var connection = await new ConnectionFactory
            {
                Uri = new(settings.Uri),
                AutomaticRecoveryEnabled = false,
            }.CreateConnectionAsync(ct);
            return new(inner, connection, await connection.CreateChannelAsync(cancellationToken: ct), settings.Exchange);
        }

        public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
            IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
        {
            try
            {
                foreach (var e in events)
                {
                    await channel.BasicPublishAsync(
                        exchange, e.Type, mandatory: false, new BasicProperties { Persistent = true }, e.Json, ct);
                }

                return [];
            }
            catch (Exception failure) when (failure is RabbitMQClientException or IOException)
            {
                throw new DestinationUnavailableException(failure.Message, failure);
            }
        }

        public override async ValueTask DisposeAsync()
        {
            await connection.AbortAsync();
            await connection.DisposeAsync();
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class Forgetful(Destination inner) : Destination
    {
        public override Task<IReadOnlyList<Rejected>> DeliverAsync(
            IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
        {
            _ = inner.DeliverAsync(events, reportProblem, ct).ContinueWith(_ => { }, TaskScheduler.Default);
            return Task.FromResult<IReadOnlyList<Rejected>>([]);
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class Unordered(Destination inner, PlantedSource source) : Destination
    {
        public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
            IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
        {
            var shuffled = events.ToArray();
            if (source._failed)
            {
                source._random.Shuffle(shuffled);
            }

            source._failed = true;
            var rejected = await inner.DeliverAsync(shuffled, reportProblem, ct);
            source._failed = false;
            return rejected;
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
