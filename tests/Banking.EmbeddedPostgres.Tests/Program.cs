using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Banking.EmbeddedPostgres.Tests;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [OtherHost.Argument, var folder])
        {
            await OtherHost.RunAsync(folder);
            return 0;
        }

        if (args is [OtherRestore.Argument, var archive, var into, var bytes])
        {
            await OtherRestore.RunAsync(archive, into, bytes);
            return 0;
        }

        // As in the entry point that xunit would generate.
        return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
