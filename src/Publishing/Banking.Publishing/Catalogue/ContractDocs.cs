using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Banking.Publishing.Catalogue;

/// <summary>
/// What contracts say of themselves: their comments, from the documentation files that are built and published beside the assemblies.
/// </summary>
internal static partial class ContractDocs
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Files = new();

    public static string Of(Type type) => Text(Find(type)?.Element("summary"));

    /// <summary>What its record says of it, or its own type says of itself.</summary>
    public static string Of(PropertyInfo property)
    {
        var told = Text(Find(property.DeclaringType!)?.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == property.Name));
        return told.Length > 0 ? told : Of(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
    }

    private static XElement? Find(Type type) => Files.GetOrAdd(type.Assembly, Load).GetValueOrDefault($"T:{type.FullName}");

    /// <summary>Without its file an assembly has nothing to say; a schema without descriptions is still the promise.</summary>
    private static Dictionary<string, XElement> Load(Assembly assembly)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        return File.Exists(path) ? XDocument.Load(path).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value) : [];
    }

    private static string Text(XElement? element) => element is null ? "" : Spaces().Replace(element.Value, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
