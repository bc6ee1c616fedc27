using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>The adapters between Wolverine and our handlers are compiled, not made when the host starts: they must be those of today's handlers.</summary>
public sealed class GeneratedCodeTests : IDisposable
{
    private const string Again = "dotnet run --project src/Banking.Host -p:GeneratedCode=false -- codegen";

    private readonly DirectoryInfo _folder = TestFolders.New("banking-codegen-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_is_compiled_is_what_would_be_generated_now()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(["codegen", _folder.FullName]);

        Assert.True(exitCode == 0, error);
        var now = Read(_folder.FullName);
        var compiled = Read(Path.Combine(TestFolders.Repository, "src/Banking.Host.Generated/Internal/Generated"));
        var different = now.Keys.Union(compiled.Keys).Where(f => now.GetValueOrDefault(f) != compiled.GetValueOrDefault(f)).Order(StringComparer.Ordinal).ToList();
        Assert.True(different is [], $"Not as it would be generated now: {string.Join(", ", different)}. Generate anew: {Again}");
        Assert.Contains(now.Keys, f => f.EndsWith("POST_v1_transfers.cs", StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Read(string folder) => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(folder, f), f => File.ReadAllText(f).ReplaceLineEndings());
}
