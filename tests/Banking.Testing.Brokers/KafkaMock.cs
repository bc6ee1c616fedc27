using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Banking.Testing.Brokers;

/// <summary>
/// A Kafka cluster of three brokers inside this process, spoken to over real TCP: librdkafka's own mock, with a proxy before each broker.
/// The brokers advertise their proxies, so that every connection of every client goes through one.
/// <para>
/// What it does: produce, fetch, consumer groups, transactions in part. What it does not: it looks at sequence numbers only of producers
/// with a transactional id, so that what an idempotent one sends again after a lost acknowledgement is stored twice, which Kafka would not
/// do; it keeps all in memory, 5 MB or 100 000 batches of a partition, and drops the oldest beyond; it replicates nothing, so that acks=all
/// waits for nobody and a broker that is down takes no leader with it; it has no Admin API (topics are made by <see cref="CreateTopic"/>;
/// one that is only named is made with 4 partitions, which no setting changes), no ACLs, TLS or SASL, compaction, retention by time, or
/// limit of message size.
/// </para>
/// </summary>
public sealed partial class KafkaMock : IAsyncDisposable
{
    public const int Brokers = 3;

    private const string Native = "librdkafka";
    private const int AllBrokers = -1;
    private const short Produce = 0;

    private readonly IAdminClient _owner;
    private readonly nint _cluster;

    static KafkaMock() =>
        NativeLibrary.SetDllImportResolver(typeof(KafkaMock).Assembly, (name, _, _) => name == Native ? LoadedAlready() : 0);

    public KafkaMock()
    {
        // It says that it lost its brokers, which is what tests do to it.
        _owner = new AdminClientBuilder([new("test.mock.num.brokers", $"{Brokers}"), new("bootstrap.servers", "replaced-by-the-mock:1")])
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();
        var handle = (SafeHandle)
            typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(_owner.Handle)!;
        _cluster = MockClusterOf(handle.DangerousGetHandle());
        var addresses = Marshal.PtrToStringUTF8(Bootstraps(_cluster))!.Split(',');
        Proxies =
        [
            .. addresses.Select(a => new TcpProxy(
                int.Parse(a[(a.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture))),
        ];
        for (var i = 0; i < Brokers; i++)
        {
            SetHostPort(_cluster, i + 1, "127.0.0.1", Proxies[i].Port);
        }
    }

    public string BootstrapServers => string.Join(',', Proxies.Select(p => $"127.0.0.1:{p.Port}"));

    /// <summary>The network before each broker; that of broker 1 is the first.</summary>
    public IReadOnlyList<TcpProxy> Proxies { get; }

    /// <summary>
    /// True for the beginning of a request to produce, for <see cref="TcpProxy.CloseAfterResponseBytes"/>: after its length a request says
    /// what it is.
    /// </summary>
    public static bool IsProduce(ReadOnlyMemory<byte> chunk) => chunk.Length > 8 && chunk.Span[4] == 0 && chunk.Span[5] == Produce;

    public void CreateTopic(string name, int partitions) => Check(TopicCreate(_cluster, name, partitions, Brokers));

    /// <summary>No broker is there: connections are closed, and new ones refused. Nothing that was acknowledged is lost.</summary>
    public void Down() => Check(SetDown(_cluster, AllBrokers));

    public void Up() => Check(SetUp(_cluster, AllBrokers));

    /// <summary>Each broker answers that much later.</summary>
    public void Delay(TimeSpan roundTrip) => Check(SetRoundTrip(_cluster, AllBrokers, (int)roundTrip.TotalMilliseconds));

    /// <summary>
    /// The next requests to produce, to whichever broker, are refused with these, one each, and nothing of them is kept.
    /// <see cref="ErrorCode.Local_Transport"/> closes the connection instead of an answer, and keeps nothing either.
    /// </summary>
    public void PushProduceErrors(params ErrorCode[] errors) =>
        PushErrors(_cluster, Produce, (nuint)errors.Length, [.. errors.Select(e => (int)e)]);

    public async ValueTask DisposeAsync()
    {
        _owner.Dispose();
        foreach (var proxy in Proxies)
        {
            await proxy.DisposeAsync();
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new KafkaException((ErrorCode)error);
        }
    }

    /// <summary>The library that Confluent.Kafka has chosen for this system: another copy would not know its handles.</summary>
    private static nint LoadedAlready()
    {
        using var process = Process.GetCurrentProcess();
        var module = process.Modules.Cast<ProcessModule>().FirstOrDefault(m => m.ModuleName.Contains(Native, StringComparison.Ordinal))
            ?? throw new Win32Exception($"Confluent.Kafka has not loaded {Native}.");
        return NativeLibrary.Load(module.FileName);
    }

    [LibraryImport(Native, EntryPoint = "rd_kafka_handle_mock_cluster")]
    private static partial nint MockClusterOf(nint client);

    [LibraryImport(Native, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    private static partial nint Bootstraps(nint cluster);

    [LibraryImport(Native, EntryPoint = "rd_kafka_mock_broker_set_host_port", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void SetHostPort(nint cluster, int broker, string host, int port);

    [LibraryImport(Native, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int TopicCreate(nint cluster, string name, int partitions, int replicas);

    [LibraryImport(Native, EntryPoint = "rd_kafka_mock_broker_set_down")]
    private static partial int SetDown(nint cluster, int broker);

    [LibraryImport(Native, EntryPoint = "rd_kafka_mock_broker_set_up")]
    private static partial int SetUp(nint cluster, int broker);

    [LibraryImport(Native, EntryPoint = "rd_kafka_mock_broker_set_rtt")]
    private static partial int SetRoundTrip(nint cluster, int broker, int milliseconds);

    [LibraryImport(Native, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
    private static partial void PushErrors(nint cluster, short api, nuint count, int[] errors);
}
