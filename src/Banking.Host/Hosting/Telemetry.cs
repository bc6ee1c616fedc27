using System.Diagnostics;
using System.Reflection;
using Banking.Commands.Groups;
using Banking.Host.Security;
using Banking.ReadModels.Lags;
using Banking.Web;
using Banking.Web.Http;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Banking.Host.Hosting;

/// <summary>
/// Traces, metrics and logs by OpenTelemetry: sent to <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, and metrics at <c>/metrics</c> for Prometheus.
/// Without these settings nothing is collected.
/// </summary>
internal static class Telemetry
{
    /// <summary>The source of the RabbitMQ client for messages that arrive.</summary>
    private const string ReceivedMessages = "RabbitMQ.Client.Subscriber";

    public const string PrometheusSetting = "Banking:Telemetry:Prometheus";

    /// <summary>The version of the product, without the revision: of packages, of --version, of the first page and of telemetry.</summary>
    public static readonly string Version =
        typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static void AddTelemetry(this WebApplicationBuilder builder, IReadOnlyList<BankModule> modules)
    {
        var isSent = !string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var isScraped = IsScraped(builder.Configuration);
        if (!isSent && !isScraped)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                builder.Configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } name ? name : "banking", serviceVersion: Version))
            .WithMetrics(metrics =>
            {
                metrics.AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddMeter("Marten", "Wolverine*", "Npgsql")
                    .AddMeter(CommandMetrics.MeterName, ReadModelLag.MeterName, FailedTokens.MeterName, HealthReports.MeterName)
                    .AddMeter([.. modules.SelectMany(m => m.Meters)]);
                if (isScraped)
                {
                    metrics.AddPrometheusExporter();
                }
            });
        if (isSent)
        {
            telemetry
                .WithTracing(tracing => tracing.SetSampler(new ParentBasedSampler(new RequestSampler()))
                    .AddAspNetCoreInstrumentation().AddNpgsql().AddSource("Marten", "Wolverine", ReceivedMessages))
                .WithLogging()
                .UseOtlpExporter();
        }
    }

    /// <summary>Metrics are for the operator's network: a proxy must not forward this address.</summary>
    public static void MapMetrics(this WebApplication app)
    {
        if (IsScraped(app.Configuration))
        {
            app.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(new ServesAttribute()).AllowAnonymous();
        }
    }

    private static bool IsScraped(IConfiguration configuration) => SettingRules.IsEnabled(configuration, PrometheusSetting);
}

/// <summary>
/// Traces requests and messages. What no request or message caused, such as the polling of the log, is not traced: it would be most of the
/// spans of an idle host.
/// </summary>
internal sealed class RequestSampler : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind is ActivityKind.Internal or ActivityKind.Client
            ? SamplingDecision.Drop
            : SamplingDecision.RecordAndSample);
}
