using System.Security.Cryptography;
using System.Xml;
using Banking.EventStore.Keys;
using Microsoft.AspNetCore.DataProtection;

namespace Banking.Host.Security;

/// <summary>
/// Wraps keys under the key ring of ASP.NET Core Data Protection, which is in a folder. A host adds a new key every 90 days and keeps the
/// former ones. A command adds none: its files would belong to the user who ran it, and hosts could not read them; <c>keys rotate</c> is
/// run as their user.
/// </summary>
internal sealed class KeyRing(KeyRingFolder folder, KeyRingUse use, ILogger logger, TimeProvider clock) : IKeyWrapping
{
    // What is stored depends on the name of the application in Data Protection and on the purpose: they never change.
    public const string Application = "banking";
    private const string Purpose = "Banking.WrappedKeys.v1";

    /// <summary>Data Protection writes four bytes of its own, and then the id of the key.</summary>
    private static readonly Range KeyId = 4..20;

    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _reading = new();
    private IDataProtector? _protector;
    private HashSet<string> _keys = [];
    private long _readAt;

    public KeyRingFolder Folder => folder;

    public KeyRingUse Use => use;

    public ValueTask<WrappedKey> WrapAsync(byte[] key, CancellationToken ct)
    {
        try
        {
            var wrapped = OpenNewest().Protect(key);
            return new(new WrappedKey(new Guid(wrapped[KeyId]).ToString(), Convert.ToBase64String(wrapped)));
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw new KeyUnavailableException($"The key ring in {folder.Path} cannot be used: {Describe(failure)}", failure);
        }
    }

    public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, CancellationToken ct)
    {
        try
        {
            var bytes = Convert.FromBase64String(wrapped.Text);
            var protector = Open();
            try
            {
                return new(protector.Unprotect(bytes));
            }
            catch (CryptographicException) when (MayReadAgain())
            {
                // Another host may have added the key since, or an operator restored it. The former reading is kept until another one
                // unwraps a key: the folder may be unreadable for a while.
                var keys = folder.FindKeys().ToHashSet();
                var again = Read();
                var key = again.Unprotect(bytes);
                (_protector, _keys) = (again, keys);
                return new(key);
            }
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw new KeyUnavailableException(
                $"The key {wrapped.By} of the key ring in {folder.Path} cannot be used: {Describe(failure)}", failure)
            {
                IsDamaged = failure is FormatException || IsChanged(wrapped, failure),
            };
        }
    }

    private IDataProtector Open()
    {
        lock (_reading)
        {
            if (_protector is null)
            {
                var keys = folder.FindKeys().ToHashSet();
                (_protector, _keys) = (Read(), keys);
            }

            return _protector;
        }
    }

    /// <summary>
    /// Reads the folder again if it has a key more, so that a key that was added on demand is used at once: Data Protection itself looks
    /// once a day. A folder without the former keys is another one, and is not used to wrap.
    /// </summary>
    private IDataProtector OpenNewest()
    {
        var current = Open();
        if (!MayReadAgain())
        {
            return current;
        }

        var keys = folder.FindKeys().ToHashSet();
        if (!keys.IsProperSupersetOf(_keys))
        {
            return current;
        }

        try
        {
            var again = Read();
            again.Protect([]);
            (_protector, _keys) = (again, keys);
            return again;
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            logger.LogWarning(
                "The new key in {Folder} cannot be used: {Reason}. The host continues with the previous key",
                folder.Path,
                Describe(failure));
            return current;
        }
    }

    private IDataProtector Read()
    {
        _readAt = clock.GetTimestamp();
        return DataProtectionProvider.Create(folder.Open(), builder => builder
            .SetApplicationName(Application)
            .AddKeyManagementOptions(options =>
            {
                options.XmlRepository = new KeyFiles(folder, logger);
                options.AutoGenerateKeys = use == KeyRingUse.Host;
            })).CreateProtector(Purpose);
    }

    private bool MayReadAgain() => clock.GetElapsedTime(_readAt) > MinInterval;

    /// <summary>Whether the key ring has and can read the key, so that only the text is wrong.</summary>
    private bool IsChanged(WrappedKey wrapped, Exception failure)
    {
        if (failure is not CryptographicException { InnerException: null } || !Guid.TryParse(wrapped.By, out var by))
        {
            return false;
        }

        try
        {
            using var readable = File.OpenRead(Path.Combine(folder.Path, $"key-{by}.xml"));
            return true;
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Describe(Exception failure) => failure.GetBaseException().Message;

    private static bool IsUnavailable(Exception failure) =>
        failure is CryptographicException or FormatException or IOException or UnauthorizedAccessException or XmlException
            or InvalidOperationException or ConfigurationException;
}

/// <summary>The program that uses the key ring.</summary>
internal enum KeyRingUse
{
    Host,
    Command,
}
