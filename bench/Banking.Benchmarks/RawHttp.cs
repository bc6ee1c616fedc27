using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Banking.Benchmarks;

/// <summary>
/// One keep-alive connection that posts JSON and reads status and body. The load generator shares the processors with the bank, and a full
/// HTTP client would use more time than the bank.
/// </summary>
internal sealed class RawHttp : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _head;
    private readonly byte[] _buffer;

    private RawHttp(Socket socket, byte[] head, int maxBytes)
    {
        _socket = socket;
        _head = head;
        _buffer = new byte[maxBytes];
    }

    /// <summary>The body of the last response.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <param name="maxBytes">The maximum size of a request and of a response.</param>
    public static async Task<RawHttp> ConnectAsync(Uri address, string path, string? token, int maxBytes = 512 * 1024)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, address.Port));
        var head = $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\n"
            + (token is null ? "" : $"Authorization: Bearer {token}\r\n");
        return new(socket, Encoding.ASCII.GetBytes(head), maxBytes);
    }

    /// <summary>Posts a request and returns the status of the response.</summary>
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
            read += await ReceiveMoreAsync(read);
        }

        var headers = _buffer.AsSpan(0, end);
        if (!Utf8Parser.TryParse(headers[9..12], out int status, out _))
        {
            throw new InvalidOperationException("The response has no status: " + Encoding.ASCII.GetString(headers));
        }

        var at = headers.IndexOf("Content-Length: "u8);
        if (at < 0 || !Utf8Parser.TryParse(headers[(at + 16)..], out int length, out _))
        {
            return await ReceiveChunksAsync(status, end + 4, read);
        }

        while (read < end + 4 + length)
        {
            read += await ReceiveMoreAsync(read);
        }

        Body = _buffer.AsMemory(end + 4, length);
        return status;
    }

    /// <summary>Only errors and batches have chunked responses. Their body keeps the chunk sizes.</summary>
    private async Task<int> ReceiveChunksAsync(int status, int body, int read)
    {
        while (!_buffer.AsSpan(body, read - body).EndsWith("0\r\n\r\n"u8))
        {
            read += await ReceiveMoreAsync(read);
        }

        Body = _buffer.AsMemory(body, read - body);
        return status;
    }

    private async ValueTask<int> ReceiveMoreAsync(int at)
    {
        var read = await _socket.ReceiveAsync(_buffer.AsMemory(at));
        return read > 0 ? read : throw new IOException("The host closed the connection.");
    }
}
