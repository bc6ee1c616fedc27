using System.Diagnostics;
using System.Reflection;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>
/// The build generates Wolverine's adapters for handlers and endpoints. A host never calls a handler through an adapter of another build.
/// </summary>
public sealed class AdapterTests : IDisposable
{
    private const string Adapters = "Banking.Host.Adapters.dll";

    private readonly DirectoryInfo _programFolder = TestFolders.New("banking-adapters-");

    public AdapterTests()
    {
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory).Where(f => Path.GetExtension(f) is ".dll" or ".json"))
        {
            File.Copy(file, PathTo(Path.GetFileName(file)));
        }
    }

    public void Dispose() => _programFolder.Delete(recursive: true);

    [Theory]
    [InlineData("Banking.Accounts")]
    [InlineData("Banking.Operations")]
    [InlineData("Banking.Host")]
    public async Task A_host_refuses_adapters_that_were_generated_for_another_build(string assembly)
    {
        await ChangeVersionIdAsync(assembly);

        var (exitCode, error) = await RunHostAsync();

        Assert.Equal(2, exitCode);
        Assert.Contains($"{Adapters} was generated for another build of {assembly}.", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_without_adapters_says_so()
    {
        File.Delete(PathTo(Adapters));

        var (exitCode, error) = await RunHostAsync();

        Assert.Equal(2, exitCode);
        Assert.Contains($"{Adapters} is missing", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_build_generates_does_not_depend_on_the_settings_of_who_builds()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            ["codegen", PathTo("sources")],
            ("Banking__NoSuchSetting", "1"),
            ("ConnectionStrings__nothing", "1"),
            ("Kestrel__Endpoints__Http__Url", "http://*:8080"),
            ("ASPNETCORE_HTTP_PORTS", "8080"),
            ("ASPNETCORE_URLS", "nowhere"),
            ("ASPNETCORE_ENVIRONMENT", "Production"));

        Assert.True(exitCode == 0, error);
        Assert.NotEmpty(Directory.GetFiles(PathTo("sources"), "POST_v1_transfers.cs", SearchOption.AllDirectories));
    }

    /// <summary>Changes the module version id of an assembly, as a compilation of changed code does.</summary>
    private async Task ChangeVersionIdAsync(string assembly)
    {
        var version = Assembly.Load(assembly).ManifestModule.ModuleVersionId.ToByteArray();
        var bytes = await File.ReadAllBytesAsync(PathTo(assembly + ".dll"), TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf(version)] ^= 1;
        await File.WriteAllBytesAsync(PathTo(assembly + ".dll"), bytes, TestContext.Current.CancellationToken);
    }

    private async Task<(int ExitCode, string Error)> RunHostAsync()
    {
        using var host = Process.Start(new ProcessStartInfo("dotnet",
            [PathTo("Banking.Host.dll"), "--no-demo", "--urls=http://127.0.0.1:0", "--ConnectionStrings:banking=Host=127.0.0.1;Port=1"])
        {
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development" },
        })!;
        var error = await host.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await host.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (host.ExitCode, error);
    }

    private string PathTo(string name) => Path.Combine(_programFolder.FullName, name);
}
