using Banking.EventStore.Keys;
using Banking.EventStore.Sealing;

namespace Banking.Host.Security;

/// <summary>
/// Creates the text key of the bank when its first host starts, and reads it into memory at later starts. Runs after
/// <see cref="FirstKey"/>. Hosts start without it, because money needs no texts.
/// </summary>
internal static class FirstTextKey
{
    public static async Task EnsureAsync(IServiceProvider services)
    {
        try
        {
            await services.GetRequiredService<TextKeys>().CurrentAsync(default);
        }
        catch (KeyUnavailableException failure)
        {
            services.GetRequiredService<ILogger<TextKeys>>().LogError(
                "The text key cannot be used: {Reason} Counterparties are neither shown nor stored until it can; other money moves.",
                failure.Message);
        }
    }
}
