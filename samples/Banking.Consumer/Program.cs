using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Banking.Consumer;
using Banking.Consumer.Sources;

Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

using var http = new HttpClient { BaseAddress = options.Bank };
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.Token);
IEventSource source = options.Source switch
{
    "feed" => new FeedSource(http, TimeProvider.System),
    "kafka" => new KafkaSource(options.Bootstrap, options.Topic, options.Group),
    "rabbitmq" => new RabbitSource(options.Uri, options.Queue),
    var other => throw new InvalidOperationException($"{other} is not a source."),
};

try
{
    var book = new Book();
    await Consumption.FillAsync(book, source, options.UntilIdle, stop.Token);
    var report = Report.Of(book, await new Comparison(http).CompareAsync(book, CancellationToken.None));
    Console.Out.WriteLine(options.Json ? report.ToJson() : report.ToString());
    return report.IsGood ? 0 : 1;
}
catch (Exception e)
{
    // Stop on any failure. The event that failed is not acknowledged, so the next run receives it again.
    Console.Error.WriteLine($"{options.Source}: {e.Message}");
    return 1;
}

void Stop(PosixSignalContext signal)
{
    // The first Ctrl+C prints the report, the second ends the process.
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}
