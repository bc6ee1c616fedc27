using System.CommandLine;
using Banking.Host.Hosting;
using JasperFx.CodeGeneration;
using JasperFx.CodeGeneration.Model;
using Wolverine;

namespace Banking.Host.Commands;

/// <summary>
/// <c>codegen FOLDER</c>: writes the source of Wolverine's adapters to handlers and endpoints. The build of the host runs it
/// (Adapters.targets). Needs no database.
/// </summary>
internal static class CodegenCommand
{
    public static Command Create(string[] settings)
    {
        var folder = new Argument<string>("FOLDER") { Description = "where to write them" };
        var command = new Command("codegen", "for the build: writes the adapters to handlers and endpoints") { folder };
        command.SetAction(parsed => settings is [var setting, ..]
            ? OpenBank.WrongAsync($"codegen takes no setting: {setting}. Nothing was done.")
            : RunAsync(Path.GetFullPath(parsed.GetRequiredValue(folder))));
        return command;
    }

    private static async Task<int> RunAsync(string folder)
    {
        ForgetSettings();
        DynamicCodeBuilder.WithinCodegenCommand = true;
        await using var app = BankHost.CreateBuilder(["--environment", Environments.Development], new("Host=none;Database=none")).Build();
        app.Configure();
        var wolverine = app.Services.GetRequiredService<WolverineOptions>();
        wolverine.CodeGeneration.GeneratedCodeOutputPath = folder;
        var code = new DynamicCodeBuilder(app.Services, [.. app.Services.GetServices<ICodeFileCollection>()])
        {
            ServiceVariableSource = app.Services.GetRequiredService<IServiceVariableSource>(),
        };
        var files = 0;
        code.WriteGeneratedCode(_ => files++);
        await File.WriteAllTextAsync(Path.Combine(folder, "Origin.cs"), Adapters.Origin(wolverine.Assemblies));
        Console.WriteLine($"{files} files in {folder}");
        return 0;
    }

    /// <summary>The adapters follow from the code alone: settings of the developer who builds, right or wrong, change nothing.</summary>
    private static void ForgetSettings()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
        {
            if (
                name.StartsWith("Banking__", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase))
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }
}
