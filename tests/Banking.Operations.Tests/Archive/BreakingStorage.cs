using Banking.EventStore.Archive;
using Npgsql;

namespace Banking.Operations.Tests.Archive;

/// <summary>A storage that counts reads of blocks, and ends the owner's session in PostgreSQL after a number of reads and writes.</summary>
internal sealed class BreakingStorage(IArchiveStorage inner, NpgsqlDataSource source) : IArchiveStorage
{
    private int _session;
    private int _left;

    public string Description => inner.Description;

    /// <summary>Number of blocks that were read.</summary>
    public int Reads { get; private set; }

    /// <summary>Whether the session was ended.</summary>
    public bool IsBroken => _left < 0;

    /// <summary>Ends the session of a connection after so many steps.</summary>
    public void BreakAfter(int steps, NpgsqlConnection owner) => (_left, _session) = (steps, owner.ProcessID);

    public async Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        Step();
        await inner.WriteAsync(name, content, ct);
        Step();
    }

    public async Task<Stream> OpenAsync(string name, CancellationToken ct) => new SlowStream(await inner.OpenAsync(name, ct), Step);

    public byte[] Read(string name, long offset, int bytes)
    {
        Step();
        Reads++;
        return inner.Read(name, offset, bytes);
    }

    public Task<IReadOnlyList<StoredArchive>> ListAsync(CancellationToken ct) => inner.ListAsync(ct);

    public Task DeleteAsync(string name, CancellationToken ct) => inner.DeleteAsync(name, ct);

    private void Step()
    {
        if (_session != 0 && _left-- == 0)
        {
            using var command = source.CreateCommand($"select pg_terminate_backend({_session})");
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Gives few bytes at a time.</summary>
    private sealed class SlowStream(Stream inner, Action step) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            step();
            return inner.Read(buffer, offset, Math.Min(count, 300));
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            step();
            return inner.ReadAsync(buffer[..Math.Min(buffer.Length, 300)], cancellationToken);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
