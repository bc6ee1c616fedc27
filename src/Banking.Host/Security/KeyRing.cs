using System.Security.Cryptography;
using System.Xml;
using Banking.EventStore.Keys;
using Microsoft.AspNetCore.DataProtection;

namespace Banking.Host.Security;

/// <summary>
/// Wraps keys under the key ring of ASP.NET Core Data Protection, which is in a folder. It adds a new key every 90 days and keeps the
/// former ones.
/// </summary>
internal sealed class KeyRing(KeyRingFolder folder) : IKeyWrapping
{
    // What is stored depends on the name of the application in Data Protection and on the purpose: they never change.
    private const string Application = "banking";
    private const string Purpose = "Banking.WrappedKeys.v1";

    /// <summary>Data Protection writes four bytes of its own, and then the id of the key.</summary>
    private static readonly Range KeyId = 4..20;

    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _reading = new();
    private IDataProtector? _protector;
    private long _readAt;

    public ValueTask<WrappedKey> WrapAsync(byte[] key, CancellationToken ct)
    {
        try
        {
            var wrapped = Read(former: null).Protect(key);
            return new(new WrappedKey(new Guid(wrapped[KeyId]).ToString(), Convert.ToBase64String(wrapped)));
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw new KeyUnavailableException($"The key ring in {folder.Path} cannot be used: {failure.Message}", failure);
        }
    }

    public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(wrapped);
        try
        {
            var bytes = Convert.FromBase64String(wrapped.Text);
            var protector = Read(former: null);
            try
            {
                return new(protector.Unprotect(bytes));
            }
            catch (CryptographicException)
            {
                // Another host may have added the key since, or an operator restored it.
                return new(Read(former: protector).Unprotect(bytes));
            }
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw new KeyUnavailableException(
                $"The key {wrapped.By} of the key ring in {folder.Path} cannot be used: {failure.Message}", failure);
        }
    }

    /// <summary>Reads the key ring once, and again if the former reading does not suffice.</summary>
    private IDataProtector Read(IDataProtector? former)
    {
        lock (_reading)
        {
            if (_protector is null
                || (_protector == former && TimeProvider.System.GetElapsedTime(_readAt) > MinInterval))
            {
                _protector = DataProtectionProvider.Create(folder.Open(), builder => builder.SetApplicationName(Application))
                    .CreateProtector(Purpose);
                _readAt = TimeProvider.System.GetTimestamp();
            }

            return _protector;
        }
    }

    private static bool IsUnavailable(Exception failure) =>
        failure is CryptographicException or FormatException or IOException or UnauthorizedAccessException or XmlException
            or ConfigurationException;
}
