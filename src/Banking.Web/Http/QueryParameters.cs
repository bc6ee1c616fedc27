namespace Banking.Web.Http;

/// <summary>A parameter that an endpoint reads from its query.</summary>
public sealed record QueryParameter(string Name, string Description);

/// <summary>
/// Metadata of an endpoint: the query parameters it reads. Every other one is refused (<see cref="QueryRules"/>), and the OpenAPI document
/// lists them, so that an endpoint which reads a parameter without naming it here never gets one.
/// </summary>
public interface IQueryParameters
{
    IReadOnlyList<QueryParameter> Parameters { get; }
}

/// <summary>One query parameter of an endpoint. Names are exact: letter case counts.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class QueryParameterAttribute(string name, string description) : Attribute, IQueryParameters
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    public IReadOnlyList<QueryParameter> Parameters { get; } = [new(name, description)];
}

/// <summary>The query parameters of a list that <see cref="Paging"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PageParametersAttribute : Attribute, IQueryParameters
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
        [new("limit", "1 to 500; 50 when left out."), new("cursor", "nextCursor of the page before.")];
}
