using Banking.Commands.Decisions;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace Banking.Web.OpenApi;

/// <summary>What the metadata of an endpoint says about its requests and answers.</summary>
internal sealed record EndpointFacts(string Method, string Path, IReadOnlyList<object> Metadata)
{
    public static EndpointFacts Of(ApiDescription description) => new(
        description.HttpMethod ?? HttpMethods.Get,
        "/" + description.RelativePath,
        [.. description.ActionDescriptor.EndpointMetadata]);

    public bool IsRead => HttpMethods.IsGet(Method);

    public bool NeedsToken => Has<IAuthorizeData>() && !Has<IAllowAnonymous>();

    public RunsCommandAttribute? Command => Find<RunsCommandAttribute>();

    public bool IsBatch => Has<BatchAttribute>();

    /// <summary>Each change has a key: commands have receipts, and the middleware handles the keys of other changes.</summary>
    public bool HasKey => !IsRead && NeedsToken && !Has<ChangesNothingAttribute>();

    /// <summary>Whether a request has a correlation id, which is stored with its events.</summary>
    public bool HasCorrelation => Command is not null || IsBatch || OperatorRequest.Is(Method, Path);

    public bool HasBody => !IsRead && Metadata.OfType<IAcceptsMetadata>().Any(a => a.RequestType is not null);

    /// <summary>Whether a read can wait for a position of the log and says which it has reached.</summary>
    public bool HasPosition => IsRead && NeedsToken && !Has<HasNoPositionAttribute>();

    /// <summary>Whether a change is refused if the log does not have a position that the caller has seen.</summary>
    public bool ChecksPosition => !IsRead && NeedsToken;

    public bool ServesEventStream => Find<ServesAttribute>()?.MediaTypes.Contains(ServesAttribute.EventStream) == true;

    public IReadOnlyList<QueryParameter> Query => [.. Metadata.OfType<IQueryParameters>().SelectMany(p => p.Parameters)];

    /// <summary>Whether a problem can have this kind: what is malformed in a query is invalid in a body.</summary>
    public bool CanRefuse(RefusalKind kind, ProblemType problem) =>
        HasBody || kind != RefusalKind.Invalid || !problem.Kinds.Contains(RefusalKind.Malformed);

    public bool Has<T>() => Metadata.OfType<T>().Any();

    public T? Find<T>()
        where T : class => Metadata.OfType<T>().LastOrDefault();
}
