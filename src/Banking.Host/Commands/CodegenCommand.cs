using System.CommandLine;
using Banking.Host.Hosting;
using JasperFx.CodeGeneration;
using JasperFx.CodeGeneration.Model;
using Wolverine;

namespace Banking.Host.Commands;

/// <summary>
/// <c>codegen FOLDER</c>: writes the source of Wolverine's adapters for handlers and endpoints. The host's build runs this command
/// (Adapters.targets). It needs no database.
/// </summary>
internal static class CodegenCommand
{
    public static Command Create(string[] settings)
    {
        var folder = CommonOptions.PathArgument("FOLDER", "the folder for the generated source");
        var command = new Command("codegen", "for the build: generates the adapters for handlers and endpoints") { folder };
        command.SetAction(parsed => settings is [var setting, ..]
            ? OfflineCommand.FailAsync($"codegen takes no setting: {setting}. Nothing was done.")
            : RunAsync(Path.GetFullPath(parsed.GetRequiredValue(folder))));
        return command;
    }

    private static async Task<int> RunAsync(string folder)
    {
        ClearSettings();
        DynamicCodeBuilder.WithinCodegenCommand = true;
        // Images with the SDK set an address that Development refuses. The command does not listen, so it names one that is accepted.
        string[] unserved = ["--environment", Environments.Development, "--urls", ListenAddresses.Default];
        await using var app = BankHost.CreateBuilder(unserved, new("Host=none;Database=none")).Build();
        app.Configure();
        var wolverine = app.Services.GetRequiredService<WolverineOptions>();
        wolverine.CodeGeneration.GeneratedCodeOutputPath = folder;
        var code = new DynamicCodeBuilder(app.Services, [.. app.Services.GetServices<ICodeFileCollection>()])
        {
            ServiceVariableSource = app.Services.GetRequiredService<IServiceVariableSource>(),
        };
        var files = 0;
        code.WriteGeneratedCode(_ => files++);
        await File.WriteAllTextAsync(Path.Combine(folder, "Origin.cs"), Adapters.CreateOriginSource(wolverine.Assemblies));
        Console.WriteLine($"{files} files in {folder}");
        return 0;
    }

    /// <summary>Adapters depend on code only. The developer's own settings must neither change them nor fail the build.</summary>
    private static void ClearSettings()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
        {
            if (
                name.StartsWith("Banking__", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("Kestrel__", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase))
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }
}
