using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Banking.Architecture.Tests;

/// <summary>The XML documentation of types and properties, from the documentation files of the assemblies.</summary>
internal static partial class Docs
{
    private static readonly Dictionary<string, XElement> Members = Solution.Assemblies
        .Select(a => Path.ChangeExtension(a.Location, ".xml"))
        .Where(File.Exists)
        .SelectMany(path => XDocument.Load(path).Descendants("member"))
        // Several assemblies have generated code with the same name.
        .DistinctBy(m => m.Attribute("name")!.Value)
        .ToDictionary(m => m.Attribute("name")!.Value);

    /// <summary>True if this run may write generated files.</summary>
    public static bool MayWrite => Environment.GetEnvironmentVariable("BANKING_WRITE_DOCS") == "1";

    public static string Of(Type type) => Text(Find($"T:{type.FullName}")?.Element("summary"));

    /// <summary>The text of the record's parameter, otherwise of the interface's property, otherwise of the property's type.</summary>
    public static string Of(PropertyInfo property)
    {
        var owner = property.DeclaringType!;
        var parameters = Find($"T:{owner.FullName}")?.Elements("param");
        var parameter = Text(parameters?.FirstOrDefault(p => p.Attribute("name")?.Value == property.Name));
        return owner.GetInterfaces().Select(i => Text(Find($"P:{i.FullName}.{property.Name}")?.Element("summary")))
            .Prepend(parameter)
            .Append(Of(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType))
            .FirstOrDefault(text => text.Length > 0, "");
    }

    private static XElement? Find(string member) => Members.GetValueOrDefault(member);

    private static string Text(XElement? element) => element is null ? "" : Spaces().Replace(
        string.Concat(element.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "see" } see => LastWord().Match(see.Attribute("cref")?.Value ?? "").Value,
            XElement inner => inner.Value,
            _ => node.ToString(),
        })), " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\w+$")]
    private static partial Regex LastWord();
}
