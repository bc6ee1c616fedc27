using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Banking.Benchmarks;

/// <summary>
/// One keep-alive connection that posts JSON and reads status and body. The load shares two cores with what it measures, and a full HTTP
/// client would cost more than the bank.
/// </summary>
internal sealed class RawHttp : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _head;
    private readonly byte[] _buffer;

    private RawHttp(Socket socket, byte[] head, int largest)
    {
        _socket = socket;
        _head = head;
        _buffer = new byte[largest];
    }

    /// <summary>The body of the last answer.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <param name="largest">The longest request and the longest answer, in bytes.</param>
    public static async Task<RawHttp> ConnectAsync(Uri address, string path, string? token, int largest = 512 * 1024)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, address.Port));
        var head = $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\n"
            + (token is null ? "" : $"Authorization: Bearer {token}\r\n");
        return new(socket, Encoding.ASCII.GetBytes(head), largest);
    }

    /// <summary>Posts and answers the status.</summary>
    public async Task<int> PostAsync(string key, string json)
    {
        var text = $"Idempotency-Key: {key}\r\nContent-Length: {json.Length}\r\n\r\n{json}";
        _head.CopyTo(_buffer, 0);
        var length = _head.Length + Encoding.ASCII.GetBytes(text, _buffer.AsSpan(_head.Length));
        await _socket.SendAsync(_buffer.AsMemory(0, length));
        return await ReceiveAsync();
    }

    public void Dispose() => _socket.Dispose();

    private async Task<int> ReceiveAsync()
    {
        var read = 0;
        int end;
        while ((end = _buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8)) < 0)
        {
            read += await MoreAsync(read);
        }

        var headers = _buffer.AsSpan(0, end);
        if (!Utf8Parser.TryParse(headers[9..12], out int status, out _))
        {
            throw new InvalidOperationException("The answer has no status: " + Encoding.ASCII.GetString(headers));
        }

        var at = headers.IndexOf("Content-Length: "u8);
        if (at < 0 || !Utf8Parser.TryParse(headers[(at + 16)..], out int length, out _))
        {
            return await ReceiveChunksAsync(status, end + 4, read);
        }

        while (read < end + 4 + length)
        {
            read += await MoreAsync(read);
        }

        Body = _buffer.AsMemory(end + 4, length);
        return status;
    }

    /// <summary>Only failures and batches come in chunks here; their body is kept as it came, chunk sizes and all.</summary>
    private async Task<int> ReceiveChunksAsync(int status, int body, int read)
    {
        while (!_buffer.AsSpan(body, read - body).EndsWith("0\r\n\r\n"u8))
        {
            read += await MoreAsync(read);
        }

        Body = _buffer.AsMemory(body, read - body);
        return status;
    }

    private async ValueTask<int> MoreAsync(int at)
    {
        var read = await _socket.ReceiveAsync(_buffer.AsMemory(at));
        return read > 0 ? read : throw new IOException("The host closed the connection.");
    }
}
