using System.Runtime.InteropServices;

namespace Banking.EmbeddedPostgres;

/// <summary>Two system calls that .NET does not offer.</summary>
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

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);

    // lchown does not follow a link that another user may have placed there.
    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LChown(string path, uint owner, uint group);
}
