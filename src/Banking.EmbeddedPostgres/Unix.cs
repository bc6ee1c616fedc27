using System.Runtime.InteropServices;

namespace Banking.EmbeddedPostgres;

/// <summary>System calls that .NET does not offer.</summary>
internal static partial class Unix
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;

    public static void Signal(int processId, int signal)
    {
        // Ids of zero and below would address process groups.
        ArgumentOutOfRangeException.ThrowIfLessThan(processId, 2);
        const int noSuchProcess = 3;
        if (SendSignal(processId, signal) != 0 && Marshal.GetLastPInvokeError() is var error and not noSuchProcess)
        {
            throw new UnauthorizedAccessException(
                $"Process {processId} cannot be stopped: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    public static void ChangeOwner(ServerAccount? account, string path)
    {
        if (account is not null && LChown(path, account.Uid, account.Gid) != 0)
        {
            throw new UnauthorizedAccessException(
                $"The owner of {path} cannot be changed to {account.Name}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    /// <summary>Writes the names in a folder to disk, so that a renamed file has its new name after a power failure.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Sync(folder, Sync);
    }

    /// <summary>Writes everything in the file system of a folder to disk, which is faster than file by file. Linux only.</summary>
    public static void SyncFileSystem(string folder) => Sync(folder, SyncFileSystem);

    private static void Sync(string folder, Func<int, int> sync)
    {
        const int readOnly = 0;
        var descriptor = Open(folder, readOnly);
        if (descriptor < 0)
        {
            throw new IOException($"The folder {folder} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        var failed = sync(descriptor) != 0;
        var reason = failed ? Marshal.GetLastPInvokeErrorMessage() : "";
        _ = Close(descriptor);
        if (failed)
        {
            throw new IOException($"The folder {folder} cannot be written to disk: {reason}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);

    // lchown does not follow a link that another user may have placed there.
    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LChown(string path, uint owner, uint group);
}
