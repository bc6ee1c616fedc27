using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Banking.Testing.Brokers;

/// <summary>
/// A Kafka cluster of three brokers in this process, reached over real TCP: librdkafka's mock cluster with a proxy in front of each broker.
/// The brokers advertise their proxies, so that every client connection passes through one.
/// <para>
/// It supports produce, fetch, consumer groups and parts of transactions. It checks sequence numbers only for producers with a
/// transactional id: records that an idempotent producer resends after a lost acknowledgement are stored twice, unlike in Kafka. It keeps
/// everything in memory, at most 5 MB or 100 000 batches of a partition, and drops the oldest beyond that. It does not replicate: acks=all
/// waits for no replica, and a partition keeps its leader when a broker is down.
/// </para>
/// <para>
/// It has no Admin API: <see cref="CreateTopic"/> creates topics, and a topic created by its first use has 4 partitions, whatever the
/// settings. It has no ACLs, TLS, SASL, compaction, retention by time or limit of message size.
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
        NativeLibrary.SetDllImportResolver(typeof(KafkaMock).Assembly, (name, _, _) => name == Native ? LoadedLibrary() : 0);

    public KafkaMock()
    {
        // Ignore logs and errors: the client reports lost brokers, which tests cause on purpose.
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

    /// <summary>The proxy in front of each broker, in order of broker number.</summary>
    public IReadOnlyList<TcpProxy> Proxies { get; }

    /// <summary>
    /// Whether a chunk starts a produce request, for <see cref="TcpProxy.CloseAfterResponseBytes"/>. The request type follows the length of
    /// the request.
    /// </summary>
    public static bool IsProduce(ReadOnlyMemory<byte> chunk) => chunk.Length > 8 && chunk.Span[4] == 0 && chunk.Span[5] == Produce;

    public void CreateTopic(string name, int partitions) => Check(TopicCreate(_cluster, name, partitions, Brokers));

    /// <summary>Stops all brokers: connections are closed and new ones refused. No acknowledged record is lost.</summary>
    public void Down() => Check(SetDown(_cluster, AllBrokers));

    public void Up() => Check(SetUp(_cluster, AllBrokers));

    /// <summary>Delays each broker's answers by this time.</summary>
    public void Delay(TimeSpan roundTrip) => Check(SetRoundTrip(_cluster, AllBrokers, (int)roundTrip.TotalMilliseconds));

    /// <summary>
    /// Refuses the next produce requests, to whichever broker, with one of these errors each, and stores none of their records.
    /// <see cref="ErrorCode.Local_Transport"/> closes the connection instead of answering, and stores nothing either.
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

    /// <summary>Returns the library that Confluent.Kafka has loaded. Another copy would not know its handles.</summary>
    private static nint LoadedLibrary()
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
