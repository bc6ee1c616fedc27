using System.Text.Encodings.Web;
using Banking.Commands.Groups;
using Banking.Incoming.Receiving;
using Banking.Incoming.Settings;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Incoming.Tests;

/// <summary>A token whose key the bank does not know yet: its issuer may have begun to sign with a new one.</summary>
public sealed class SenderCheckTests
{
    [Fact]
    public async Task A_message_waits_for_the_key_of_its_token_and_not_for_ever()
    {
        await using var services = new ServiceCollection().AddLogging()
            .AddAuthentication("Bearer").AddScheme<AuthenticationSchemeOptions, UnknownKey>("Bearer", null).Services.BuildServiceProvider();
        var check = new SenderCheck(services.GetRequiredService<IServiceScopeFactory>());
        var message = new ReceivedMessage(null, null, null, null, null, null, ["Bearer x.y.z"], default);
        var queue = new QueueSettings { Tokens = "required" };

        var postponed = await Assert.ThrowsAsync<CommandPostponedException>(
            () => check.IdentifyAsync(queue, message, TimeSpan.FromSeconds(14), TestContext.Current.CancellationToken));
        var (service, problem) = await check.IdentifyAsync(
            queue, message, TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);

        Assert.Equal(("identity_unavailable", false), (postponed.Code, postponed.NeedsOperator));
        Assert.Equal((null, "unauthenticated"), (service, problem?.Code));
    }

    private sealed class UnknownKey(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
            Task.FromResult(AuthenticateResult.Fail(new SecurityTokenSignatureKeyNotFoundException()));
    }
}
