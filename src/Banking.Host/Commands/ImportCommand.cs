namespace Banking.Host.Commands;

internal static class ImportCommand
{
    public static Task<int> RunAsync(string[] args) => Task.FromResult(args.Length);
}
