using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.Publishing.RabbitMq;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Publishing.Tests.Faults;

/// <summary>Mistakes that a publisher can make. A test that finds none of them has proven nothing by finding nothing.</summary>
public enum Plant
{
    /// <summary>The bank as it is.</summary>
    None,

    /// <summary>The broker is not asked to confirm: written to a socket counts as delivered.</summary>
    ConfirmsOff,

    /// <summary>What is published is not what progress is recorded of: sent beside the transaction, and forgotten.</summary>
    OutsideTheOutbox,

    /// <summary>What failed is sent again in whatever order it is found, as by a query without one.</summary>
    UnorderedRecovery,

    /// <summary>The consumer takes each arrival for an event.</summary>
    DeduplicationOff,
}

/// <summary>RabbitMQ as the bank publishes to it, with a mistake.</summary>
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
        var right = await RabbitDestination.OpenAsync(settings, _state, ct);
        return plant switch
        {
            Plant.ConfirmsOff => await Unconfirmed.OpenAsync(right, settings, ct),
            Plant.OutsideTheOutbox => new Forgetful(right),
            Plant.UnorderedRecovery => new Unordered(right, this),
            _ => right,
        };
    }

    private sealed class Unconfirmed(Destination right, IConnection connection, IChannel channel, string exchange) : Destination
    {
        public static async Task<Unconfirmed> OpenAsync(Destination right, RabbitSettings settings, CancellationToken ct)
        {
            var connection = await new ConnectionFactory
            {
                Uri = new(settings.Uri),
                AutomaticRecoveryEnabled = false,
            }.CreateConnectionAsync(ct);
            return new(right, connection, await connection.CreateChannelAsync(cancellationToken: ct), settings.Exchange);
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
            await right.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class Forgetful(Destination right) : Destination
    {
        public override Task<IReadOnlyList<Rejected>> DeliverAsync(
            IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
        {
            _ = right.DeliverAsync(events, reportProblem, ct).ContinueWith(_ => { }, TaskScheduler.Default);
            return Task.FromResult<IReadOnlyList<Rejected>>([]);
        }

        public override async ValueTask DisposeAsync()
        {
            await right.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class Unordered(Destination right, PlantedSource source) : Destination
    {
        public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
            IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
        {
            var found = events.ToArray();
            if (source._failed)
            {
                source._random.Shuffle(found);
            }

            source._failed = true;
            var rejected = await right.DeliverAsync(found, reportProblem, ct);
            source._failed = false;
            return rejected;
        }

        public override async ValueTask DisposeAsync()
        {
            await right.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
