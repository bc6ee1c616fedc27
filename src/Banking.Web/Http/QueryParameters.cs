namespace Banking.Web.Http;

/// <summary>A query parameter of an endpoint.</summary>
/// <param name="Type">The type of its value: string, int, long, DateOnly, DateTimeOffset or an enumeration.</param>
public sealed record QueryParameter(string Name, string Description, Type Type)
{
    /// <summary>Whether a request without it is refused.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether its value is a time or a day of the time zone <c>tz</c>, unless it is an instant with an offset.</summary>
    public bool IsOfZone { get; init; } = Type == typeof(DateTimeOffset);

    /// <summary>The values of a string; null if any text may be given.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>The bounds of a number.</summary>
    public (long Minimum, long Maximum) Range { get; init; } = (long.MinValue, long.MaxValue);
}

/// <summary>
/// Metadata of an endpoint: the query parameters that it reads. Any other parameter is refused (<see cref="QueryRules"/>), so an endpoint
/// never receives a parameter that it does not declare. The OpenAPI document lists them.
/// </summary>
public interface IQueryParameters
{
    IReadOnlyList<QueryParameter> Parameters { get; }
}

/// <summary>Declares a query parameter of an endpoint whose value is text. Names are case-sensitive.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public class QueryParameterAttribute(string name, string description) : Attribute, IQueryParameters
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    /// <summary>Whether a request without it is refused.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The only values, if there are few.</summary>
    public string[]? Values { get; init; }

    /// <summary>The smallest number.</summary>
    public long Minimum { get; init; } = long.MinValue;

    /// <summary>The largest number.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    protected virtual Type Type => typeof(string);

    public IReadOnlyList<QueryParameter> Parameters =>
    [
        new(Name, Description, Type)
        {
            IsRequired = IsRequired, Values = Values, Range = (Minimum, Maximum),
        },
    ];
}

/// <summary>
/// Declares a query parameter of an endpoint whose value has a type: int, long, bool, DateOnly, DateTimeOffset, or an enumeration that
/// answers have too.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class QueryParameterAttribute<T>(string name, string description) : QueryParameterAttribute(name, description)
{
    protected override Type Type => typeof(T);
}

/// <summary>Declares the query parameters that <see cref="Paging"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PageParametersAttribute : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("limit", "The number of items of a page, 1 to 500; 50 when left out.", typeof(int)) { Range = (1, 500) },
        new("cursor", "The nextCursor of the preceding page; the first page when left out.", typeof(string)),
    ];

    public IReadOnlyList<string> Codes { get; } = ["malformed_limit", "malformed_cursor"];
}
