using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Banking.Publishing.Catalogue;

/// <summary>The descriptions of contracts: XML comments, from the documentation files next to the assemblies.</summary>
internal static partial class ContractDocs
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Files = new();

    public static string Of(Type type) => Text(Find(type)?.Element("summary"));

    /// <summary>The description of a member: from its record's param, or the summary of its type.</summary>
    public static string Of(PropertyInfo property)
    {
        var parameters = Find(property.DeclaringType!)?.Elements("param");
        var description = Text(parameters?.FirstOrDefault(p => p.Attribute("name")?.Value == property.Name));
        return description.Length > 0 ? description : Of(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
    }

    private static XElement? Find(Type type) => Files.GetOrAdd(type.Assembly, Load).GetValueOrDefault($"T:{type.FullName}");

    /// <summary>Loads the documentation file of an assembly. Without the file, schemas have no descriptions but are still valid.</summary>
    private static Dictionary<string, XElement> Load(Assembly assembly)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        return File.Exists(path) ? XDocument.Load(path).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value) : [];
    }

    private static string Text(XElement? element) => element is null ? "" : Spaces().Replace(element.Value, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
