using Banking.Commands.Messages;
using Banking.Incoming.Listening;
using Banking.Incoming.Receiving;
using Banking.Incoming.Settings;
using Banking.Web;
using Banking.Web.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Incoming;

/// <summary>Module registration of commands that services outside the bank send by message.</summary>
public sealed class IncomingModule : BankModule
{
    private const string Section = "Banking:Incoming:RabbitMq";

    public override IReadOnlyList<ProblemType> Problems => IncomingProblems.All;

    public override IReadOnlyList<(string Section, Type Record)> SettingSections { get; } = [(Section + ":*", typeof(QueueSettings))];

    public override IReadOnlyList<Action<IConfiguration>> SettingReaders { get; } =
        [c => QueueSettings.ReadAll(c.GetSection(Section))];

    public override IReadOnlyList<string> Meters { get; } = [IncomingMetrics.MeterName];

    public override void AddServed(IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddSingleton(QueueSettings.ReadAll(configuration.GetSection(Section)))
            .AddSingleton<SenderCheck>()
            .AddSingleton<IncomingCommands>()
            .AddSingleton<DeadLetters>()
            .AddSingleton(new OutsideMessage(IncomingMessage.StoredName))
            .AddSingleton<IncomingMetrics>()
            .AddSingleton<MessageReceiver>()
            .AddSingleton<ListenerStates>()
            .AddHostedService<ListenerHost>();
    }

    public override void AddHealth(IHealthChecksBuilder health, params IEnumerable<string> tags) =>
        health.AddCheck<ListenerHealth>("incoming", tags: tags);

    /// <summary>Names in the settings that are no commands. Each problem is one sentence.</summary>
    public override Task<IReadOnlyList<string>> StartProblemsAsync(IServiceProvider services, CancellationToken ct)
    {
        var known = services.GetServices<BankModule>().SelectMany(m => m.Commands).Select(c => c.Name).ToList();
        return Task.FromResult<IReadOnlyList<string>>(
        [
            .. from queue in services.GetRequiredService<IReadOnlyList<QueueSettings>>()
               from name in queue.OperationNames
               where !known.Contains(name)
               let nearest = known.MinBy(k => Spelling.Distance(k, name))
               select $"{Section}:{queue.Name}:Operations names {name}, which is no command. Did you mean {nearest}?",
        ]);
    }
}
