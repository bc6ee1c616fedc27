using System.Text.RegularExpressions;

namespace Banking.Architecture.Tests;

/// <summary>Links in the documentation lead to files of the repository.</summary>
public sealed partial class DocLinkTests
{
    [Fact]
    public void Every_relative_link_leads_to_a_file_or_folder()
    {
        var documents = Documents().ToList();
        var broken =
            from document in documents
            from Match link in Link().Matches(File.ReadAllText(document))
            let target = link.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal)
            let path = Path.Combine(Path.GetDirectoryName(document)!, target)
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{Path.GetRelativePath(Solution.Root, document)}: {target}";

        Assert.True(documents.Count > 40, $"Only {documents.Count} documents were found.");
        Assert.Empty(broken);
    }

    private static IEnumerable<string> Documents() =>
    [
        Path.Combine(Solution.Root, "README.md"),
        .. ((string[])["docs", "samples", "eng"]).SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(Solution.Root, folder), "*.md", SearchOption.AllDirectories)),
    ];

    /// <summary>The target of a link, without a heading of the document.</summary>
    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)")]
    private static partial Regex Link();
}
