using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Host.Tests.Identity;

/// <summary>A metric of one host: sums of a counter by its label, or the value of a gauge.</summary>
internal sealed class Measured : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private int _gauge;

    public Measured(IdentityHost host, string name)
    {
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            _sums.AddOrUpdate((string)tags[0].Value!, value, (_, sum) => sum + value));
        _listener.SetMeasurementEventCallback<int>((_, value, _, _) => _gauge = value);
        _listener.Start();
    }

    public IEnumerable<string> Lines => _sums.Select(c => $"{c.Key} {c.Value}").Order(StringComparer.Ordinal);

    public int Gauge
    {
        get
        {
            _gauge = -1;
            _listener.RecordObservableInstruments();
            return _gauge;
        }
    }

    public void Dispose() => _listener.Dispose();
}
