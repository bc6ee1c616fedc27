using System.Net;
using System.Net.Http.Headers;
using Amazon.Runtime;
using Amazon.S3;
using Banking.EventStore.Archive;

namespace Banking.Host.Archive;

/// <summary>A bucket of an S3-compatible storage with archive files.</summary>
/// <param name="prefix">Prefix of the keys; empty or ending with a slash.</param>
internal sealed class S3Storage(IAmazonS3 client, string bucket, string prefix, bool isEncrypted, TimeProvider clock)
    : IArchiveStorage, IDisposable
{
    private static readonly TimeSpan LinkLife = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http = new();

    public string Description => $"s3://{bucket}/{prefix}";

    public async Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (await this.HasAsync(name, content, ct))
        {
            return;
        }

        using var stream = new MemoryStream(content.ToArray(), writable: false);
        // A storage that knows the condition refuses to replace a file. Not all compatible storages know chunked uploads.
        await AskAsync(name, () => client.PutObjectAsync(
            new()
            {
                BucketName = bucket,
                Key = prefix + name,
                InputStream = stream,
                UseChunkEncoding = false,
                IfNoneMatch = "*",
            },
            ct));
    }

    public async Task<Stream> OpenAsync(string name, CancellationToken ct) =>
        (await AskAsync(name, () => client.GetObjectAsync(bucket, prefix + name, ct))).ResponseStream;

    /// <summary>The client of S3 is asynchronous only, so it signs a link, which is read synchronously.</summary>
    public byte[] Read(string name, long offset, int bytes)
    {
        var link = client.GetPreSignedURL(new()
        {
            BucketName = bucket,
            Key = prefix + name,
            Protocol = isEncrypted ? Protocol.HTTPS : Protocol.HTTP,
            Expires = (clock.GetUtcNow() + LinkLife).UtcDateTime,
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, link);
        request.Headers.Range = new RangeHeaderValue(offset, offset + bytes - 1);
        try
        {
            using var response = _http.Send(request);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                throw new FileNotFoundException($"{Description}{name} does not exist.", name);
            }

            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                throw new EndOfStreamException($"{Description}{name} has no byte {offset}.");
            }

            response.EnsureSuccessStatusCode();
            var content = new byte[bytes];
            using var stream = response.Content.ReadAsStream();
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    public async Task<IReadOnlyList<StoredArchive>> ListAsync(CancellationToken ct)
    {
        var (files, next) = (new List<StoredArchive>(), (string?)null);
        do
        {
            var page = await AskAsync("", () => client.ListObjectsV2Async(
                new() { BucketName = bucket, Prefix = prefix, ContinuationToken = next }, ct));
            files.AddRange((page.S3Objects ?? []).Select(o => new StoredArchive(o.Key[prefix.Length..], o.Size ?? 0)));
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
        return files;
    }

    public Task DeleteAsync(string name, CancellationToken ct) => AskAsync(name, () => client.DeleteObjectAsync(bucket, prefix + name, ct));

    public void Dispose()
    {
        _http.Dispose();
        client.Dispose();
    }

    private async Task<T> AskAsync<T>(string name, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound && name.Length > 0)
        {
            throw new FileNotFoundException($"{Description}{name} does not exist.", name, missing);
        }
        catch (Exception failure) when (failure is AmazonClientException or AmazonServiceException or HttpRequestException)
        {
            throw new IOException($"{Description}: {failure.Message}", failure);
        }
    }
}
