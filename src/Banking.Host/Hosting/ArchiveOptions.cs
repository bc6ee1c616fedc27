using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using Banking.EventStore.Archive;
using Banking.Host.Archive;

namespace Banking.Host.Hosting;

/// <summary>Settings of the event archive: a folder, or a bucket of an S3-compatible storage.</summary>
public sealed record ArchiveOptions
{
    public const string Section = "Banking:Archive";

    /// <summary>The folder of the files. Default: <c>archive</c> in the data folder.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// The bucket of the files, in place of a folder. Credentials come from the environment, as AWS's own tools take them.
    /// </summary>
    public string? Bucket { get; init; }

    /// <summary>What the names of files in the bucket begin with, such as <c>bank/</c>.</summary>
    public string? Prefix { get; init; }

    /// <summary>The address of a storage other than that of AWS.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The region of the bucket.</summary>
    public string? Region { get; init; }

    /// <summary>
    /// Size of the cache of decompressed blocks. Readers of the log need some 300 kB for each file that overlaps their position.
    /// </summary>
    public int CacheMegabytes { get; init; } = (int)(ArchiveBlockCache.DefaultMaxBytes >> 20);

    /// <exception cref="ConfigurationException">The settings contradict each other.</exception>
    public static ArchiveOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection(Section).Get<ArchiveOptions>() ?? new();
        var hasBucket = !string.IsNullOrWhiteSpace(options.Bucket);
        SettingRules.ThrowIfAny(options.FindProblems(hasBucket));
        return hasBucket ? options : options with
        {
            Folder = Path.GetFullPath(
                string.IsNullOrWhiteSpace(options.Folder)
                    ? Path.Combine(SettingRules.DataFolder(configuration), "archive")
                    : options.Folder),
        };
    }

    /// <summary>The settings as arguments, for a command on another data folder: the files stay where they are.</summary>
    public IEnumerable<string> ToArguments() =>
        from setting in new (string Name, string? Value)[]
        {
            (nameof(Folder), Folder), (nameof(Bucket), Bucket), (nameof(Prefix), Prefix), (nameof(Endpoint), Endpoint),
            (nameof(Region), Region), (nameof(CacheMegabytes), CacheMegabytes.ToString(CultureInfo.InvariantCulture)),
        }
        where !string.IsNullOrWhiteSpace(setting.Value)
        select $"--{Section}:{setting.Name}={setting.Value}";

    public ArchiveBlockCache CreateCache() => new((long)CacheMegabytes << 20);

    public IArchiveStorage CreateStorage()
    {
        if (string.IsNullOrWhiteSpace(Bucket))
        {
            return new FolderStorage(Folder!);
        }

        var config = new AmazonS3Config
        {
            ForcePathStyle = Endpoint is not null,
            // Not all compatible storages know the checksums that the client would add.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            AuthenticationRegion = Region,
        };
        if (Endpoint is not null)
        {
            config.ServiceURL = Endpoint;
        }
        else
        {
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(Region);
        }

        var isEncrypted = Endpoint is null || new Uri(Endpoint).Scheme == Uri.UriSchemeHttps;
        return new S3Storage(new AmazonS3Client(config), Bucket, Prefix ?? "", isEncrypted, TimeProvider.System);
    }

    private IEnumerable<string> FindProblems(bool hasBucket)
    {
        if (hasBucket && !string.IsNullOrWhiteSpace(Folder))
        {
            yield return $"{Section}:Folder and {Section}:Bucket are two places: set one of them.";
        }

        if (!hasBucket && (Prefix ?? Endpoint ?? Region) is not null)
        {
            yield return $"{Section}:Prefix, Endpoint and Region need {Section}:Bucket.";
        }

        if (CacheMegabytes < 1)
        {
            yield return $"{Section}:CacheMegabytes must be at least 1, not {CacheMegabytes}.";
        }

        if (hasBucket && string.IsNullOrWhiteSpace(Region))
        {
            yield return $"{Section}:Region must be the region of the bucket, such as eu-central-1.";
        }

        if (Endpoint is not null && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            yield return $"{Section}:Endpoint must be an address such as https://storage.example, not \"{Endpoint}\".";
        }
    }
}
