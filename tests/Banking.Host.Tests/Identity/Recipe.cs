using Banking.Testing;

namespace Banking.Host.Tests.Identity;

/// <summary>The settings of a recipe in docs/identity.md, as they would be copied from there.</summary>
internal static class Recipe
{
    private const string Authority = "Banking:Auth:Authority";

    /// <summary>The settings below a heading, with the issuer on this machine in place of the one in the text.</summary>
    public static Dictionary<string, string?> Read(string heading, LocalIssuer issuer, string authorityFile)
    {
        var text = File.ReadAllText(Path.Combine(TestFolders.Repository, "docs", "identity.md"));
        var block = text.Split($"\n## {heading}\n")[1].Split("```")[1];
        var settings = block.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0].Replace("__", ":", StringComparison.Ordinal), string? (pair) => pair[1]);
        settings[Authority] = issuer.Address + new Uri(settings[Authority]!).AbsolutePath;
        settings["Banking:Auth:CertificateAuthorityFile"] = authorityFile;
        return settings;
    }
}
