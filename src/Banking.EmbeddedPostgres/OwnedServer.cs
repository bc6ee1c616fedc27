using System.Diagnostics;

namespace Banking.EmbeddedPostgres;

/// <summary>
/// The postmaster as a child of this process. The starting thread waits for its end, because the operating system sends the death signal
/// to the child when that thread ends, not when the process ends.
/// </summary>
internal sealed class OwnedServer
{
    private readonly TaskCompletionSource<int> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OwnedServer()
    {
    }

    /// <summary>The id of the started process. With runuser the postmaster is a child of this process.</summary>
    public int ChildProcessId { get; private set; }

    public bool HasEnded => ended.Task.IsCompleted;

    public Task<int> Ended => ended.Task;

    public static async Task<OwnedServer> StartAsync(IReadOnlyList<string> command)
    {
        var server = new OwnedServer();
        new Thread(() => server.Run(command)) { IsBackground = true, Name = "PostgreSQL" }.Start();
        server.ChildProcessId = await server.started.Task;
        return server;
    }

    private void Run(IReadOnlyList<string> command)
    {
        try
        {
            using var process = Process.Start(Command.StartInfo(command, redirect: false))!;
            started.SetResult(process.Id);
            process.WaitForExit();
            ended.SetResult(process.ExitCode);
        }
        catch (Exception problem) when (!started.Task.IsCompleted)
        {
            started.SetException(problem);
        }
    }
}
