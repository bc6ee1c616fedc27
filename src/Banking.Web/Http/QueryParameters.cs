namespace Banking.Web.Http;

/// <summary>A query parameter of an endpoint.</summary>
public sealed record QueryParameter(string Name, string Description);

/// <summary>
/// Metadata of an endpoint: the query parameters that it reads. Any other parameter is refused (<see cref="QueryRules"/>), so an endpoint
/// never receives a parameter that it does not declare. The OpenAPI document lists them.
/// </summary>
public interface IQueryParameters
{
    IReadOnlyList<QueryParameter> Parameters { get; }
}

/// <summary>Declares a query parameter of an endpoint. Names are case-sensitive.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class QueryParameterAttribute(string name, string description) : Attribute, IQueryParameters
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    public IReadOnlyList<QueryParameter> Parameters { get; } = [new(name, description)];
}

/// <summary>Declares the query parameters that <see cref="Paging"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PageParametersAttribute : Attribute, IQueryParameters
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
        [new("limit", "1 to 500; 50 when left out."), new("cursor", "nextCursor of the preceding page.")];
}
