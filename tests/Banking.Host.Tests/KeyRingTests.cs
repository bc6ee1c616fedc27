using Banking.EventStore.Keys;
using Banking.Host.Security;
using Banking.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Host.Tests;

/// <summary>How hosts and commands use the files of a key ring.</summary>
public sealed class KeyRingTests : IDisposable
{
    private static readonly byte[] Key = [1, 2, 3];

    private readonly DirectoryInfo _folder = TestFolders.New("banking-ring-");
    private readonly SteppedClock _clock = new();
    private readonly LogLines _log = new();

    public void Dispose()
    {
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Near_the_end_of_a_key_a_host_adds_the_next_one_and_warns_but_a_command_adds_none()
    {
        var now = TimeProvider.System.GetUtcNow();
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName(KeyRing.Application).PersistKeysToFileSystem(_folder);
        await using (var provider = services.BuildServiceProvider())
        {
            provider.GetRequiredService<IKeyManager>().CreateNewKey(now.AddDays(-89), now.AddDays(1));
        }

        await Open(KeyRingUse.Command).WrapAsync(Key, default);
        Assert.Single(_folder.GetFiles());
        Assert.Empty(_log.All);

        await Open(KeyRingUse.Host).WrapAsync(Key, default);
        Assert.Equal(2, _folder.GetFiles().Length);
        Assert.Single(_log.With("back the folder up"));
    }

    [Theory]
    [InlineData(KeyRingUse.Host)]
    [InlineData(KeyRingUse.Command)]
    internal async Task An_empty_folder_gets_no_key(KeyRingUse use)
    {
        await Assert.ThrowsAsync<KeyUnavailableException>(async () => await Open(use).WrapAsync(Key, default));

        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public async Task While_the_folder_cannot_be_read_again_the_former_reading_opens_what_it_opened_before()
    {
        var folder = new KeyRingFolder(_folder.FullName, IsPrivate: false);
        folder.CreateFirstKey();
        var (host, other) = (Open(KeyRingUse.Host), Open(KeyRingUse.Host));
        var wrapped = await host.WrapAsync(Key, default);
        Array.ForEach(_folder.GetFiles(), file => file.Delete());
        folder.CreateFirstKey();
        var later = await other.WrapAsync(Key, default);
        var restored = Assert.Single(_folder.GetFiles());
        restored.MoveTo(restored.FullName + ".away");

        _clock.Step();
        var failure = await Assert.ThrowsAsync<KeyUnavailableException>(async () => await host.UnwrapAsync(later, default));
        Assert.False(failure.IsDamaged);
        Assert.Equal(Key, await host.UnwrapAsync(wrapped, default));
        Assert.Equal(wrapped.By, (await host.WrapAsync(Key, default)).By);

        restored.MoveTo(restored.FullName.Replace(".away", "", StringComparison.Ordinal));
        _clock.Step();
        Assert.Equal(Key, await host.UnwrapAsync(later, default));
    }

    [Fact]
    public async Task A_key_that_is_added_is_used_at_the_next_wrapping_but_another_key_ring_is_not()
    {
        var folder = new KeyRingFolder(_folder.FullName, IsPrivate: false);
        folder.CreateFirstKey();
        var host = Open(KeyRingUse.Host);
        var first = await host.WrapAsync(Key, default);

        folder.AddKey();
        _clock.Step();
        var second = await host.WrapAsync(Key, default);
        Assert.NotEqual(first.By, second.By);
        Assert.Equal(Key, await host.UnwrapAsync(first, default));
        Assert.Equal(Key, await host.UnwrapAsync(second, default));

        Array.ForEach(_folder.GetFiles(), file => file.Delete());
        folder.CreateFirstKey();
        folder.AddKey();
        folder.AddKey();
        _clock.Step();
        Assert.Equal(second.By, (await host.WrapAsync(Key, default)).By);
        Assert.Equal(Key, await host.UnwrapAsync(first, default));
    }

    [Fact]
    public async Task A_changed_text_is_damaged_and_a_missing_key_is_not()
    {
        new KeyRingFolder(_folder.FullName, IsPrivate: false).CreateFirstKey();
        var host = Open(KeyRingUse.Host);
        var wrapped = await host.WrapAsync(Key, default);
        foreach (var text in (string[])["", "?", wrapped.Text[..^8] + "AAAAAAA=", Convert.ToBase64String(Key)])
        {
            Assert.True((await FailureAsync(wrapped with { Text = text })).IsDamaged, text);
        }

        _folder.GetFiles()[0].Delete();
        host = Open(KeyRingUse.Host);
        Assert.False((await FailureAsync(wrapped)).IsDamaged);

        async Task<KeyUnavailableException> FailureAsync(WrappedKey stored) =>
            await Assert.ThrowsAsync<KeyUnavailableException>(async () => await host.UnwrapAsync(stored, default));
    }

    private KeyRing Open(KeyRingUse use) =>
        new(new(_folder.FullName, IsPrivate: false), use, _log.CreateLogger(nameof(KeyRing)), _clock);

    /// <summary>A clock whose elapsed time changes only by steps that are long enough to read the folder again.</summary>
    private sealed class SteppedClock : TimeProvider
    {
        private long _timestamp = 1;

        public void Step() => _timestamp += TimestampFrequency * 10;

        public override long GetTimestamp() => _timestamp;
    }
}
