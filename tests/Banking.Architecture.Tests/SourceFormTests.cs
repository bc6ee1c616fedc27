using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Banking.Architecture.Tests;

/// <summary>Source files keep to a maximum line length and a maximum method length.</summary>
public sealed class SourceFormTests
{
    private const int MaxColumns = 140;
    private const int MaxMethodLines = 50;

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        var lines = SourceFiles().SelectMany(file => File.ReadLines(Path.Combine(Solution.Root, file))
            .Select((line, index) => (line.Length, Number: index + 1))
            .Where(line => line.Length > MaxColumns)
            .Select(line => new Excess(file, line.Number, $"{line.Length} columns")));
        AssertNone(lines);
    }

    [Fact]
    public void No_method_is_longer_than_50_lines()
    {
        var methods = SourceFiles().SelectMany(file => FindMethods(File.ReadAllText(Path.Combine(Solution.Root, file)))
            .Where(method => method.Lines > MaxMethodLines)
            .Select(method => new Excess(file, method.FirstLine, $"{method.Name} has {method.Lines} lines")));
        AssertNone(methods);
    }

    [Fact]
    public void The_files_are_found_and_their_methods_are_measured()
    {
        Assert.Contains(SourceFiles(), file => Path.GetFileName(file) == "SourceFormTests.cs");
        const string Source = "class C\n{\n    /// <summary>Doc.</summary>\n    [Obsolete]\n    void M()\n    {\n    }\n}\n";
        var method = Assert.Single(FindMethods(Source));
        Assert.Equal(("M", 5, 3), method);
    }

    /// <summary>Measures methods, constructors, operators and accessors, without their documentation and attributes.</summary>
    private static IEnumerable<(string Name, int FirstLine, int Lines)> FindMethods(string source)
    {
        var tree = CSharpSyntaxTree.ParseText(source, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var node in tree.GetRoot(TestContext.Current.CancellationToken).DescendantNodes())
        {
            SyntaxToken? name = node switch
            {
                MethodDeclarationSyntax method => method.Identifier,
                ConstructorDeclarationSyntax constructor => constructor.Identifier,
                OperatorDeclarationSyntax @operator => @operator.OperatorToken,
                AccessorDeclarationSyntax accessor => accessor.Keyword,
                _ => null,
            };
            if (name is { } found)
            {
                var first = tree.GetLineSpan(found.Span).StartLinePosition.Line + 1;
                var last = tree.GetLineSpan(node.Span).EndLinePosition.Line + 1;
                yield return (found.Text, first, last - first + 1);
            }
        }
    }

    /// <summary>Source files, relative to the solution's folder.</summary>
    private static List<string> SourceFiles() =>
    [
        .. ((string[])["src", "tests", "samples", "bench"])
            .SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(Solution.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Solution.Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj")),
    ];

    private static void AssertNone(IEnumerable<Excess> found)
    {
        var lines = found.Select(e => e.ToString()).ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    private sealed record Excess(string File, int Line, string Problem)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: {Problem}");
    }
}
