using System.Text.Json.Nodes;
using Banking.Platform;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Banking.Host.Hosting;

/// <summary>What the generated OpenAPI document cannot know by itself: the bearer token, the headers of commands, the shape of problems.</summary>
internal static class OpenApiText
{
    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Banking", Version = "v1", Description = "An event-sourced core bank: every balance is a replay of its events." };
            document.Components ??= new();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" };
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // The schema of a converter of our own says nothing by itself.
            if (context.JsonTypeInfo.Type is { IsEnum: true } type)
            {
                schema.Type = JsonSchemaType.String;
                schema.Enum = [.. Enum.GetNames(type).Select(n => JsonValue.Create(WireNames.Of(n)))];
            }

            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            operation.Summary = metadata.OfType<IEndpointSummaryMetadata>().LastOrDefault()?.Summary ?? operation.Summary;
            operation.Description = metadata.OfType<IEndpointDescriptionMetadata>().LastOrDefault()?.Description;
            if (metadata.OfType<ITagsMetadata>().LastOrDefault() is { } tags)
            {
                operation.Tags = tags.Tags.Select(t => new OpenApiTagReference(t, context.Document)).ToHashSet();
            }

            foreach (var name in context.Description.HttpMethod == "GET" ? Queries.GetValueOrDefault(context.Description.RelativePath ?? "", []) : [])
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(Query(name.Name, name.Description));
            }

            if (metadata.OfType<IAuthorizeData>().Any())
            {
                operation.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] }];
            }

            if (context.Description.HttpMethod == "POST" && context.Description.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true)
            {
                operation.Parameters ??= [];
                if (!context.Description.RelativePath.EndsWith("/batch", StringComparison.Ordinal))
                {
                    operation.Parameters.Add(Header("Idempotency-Key", "Of your own choice, the same again when you repeat. Required on everything that moves money."));
                    operation.Parameters.Add(Header("If-Match", "The ETag the account must still have, such as \"42\"."));
                }

                operation.Parameters.Add(Header("X-Correlation-ID", "Kept with every event that follows."));
            }

            return Task.CompletedTask;
        });
    }

    private static readonly (string Name, string Description)[] Page =
    [
        ("limit", "1 to 500; 50 when left out."), ("cursor", "nextCursor of the page before."),
    ];

    private static readonly (string Name, string Description)[] AsOf =
    [
        ("date", "What counted up to and on this day, such as 2026-11-17; today when left out."),
        ("knownAt", "As known at this instant: RFC 3339, or a local time with tz; all that is known when left out."),
        ("tz", "IANA time zone of local times, such as Europe/Berlin."),
    ];

    private static readonly (string Name, string Description)[] Days =
    [
        ("from", "First effective day, such as 2026-11-01."), ("to", "The day after the last effective day."), ("currency", "ISO 4217 code."),
    ];

    /// <summary>Parameters that are read from the query by hand, where a wrong one needs a better answer than a framework gives.</summary>
    private static readonly Dictionary<string, (string Name, string Description)[]> Queries = new()
    {
        ["v1/accounts/{account}/balance"] =
        [
            ("effectiveAt", "What counted at this instant: RFC 3339, or a local time with tz."), ("knownAt", "As known at this instant."),
            ("tz", "IANA time zone of local times, such as Europe/Berlin."), ("version", "The balance right after this event of the account; stands alone."),
        ],
        ["v1/accounts/{account}/entries"] = Page,
        ["v1/accounts/{account}/figures"] =
        [
            .. Page, ("by", "day or month; month when left out."), ("from", "The first day, such as 2026-01-31."), ("to", "The day after the last."),
        ],
        ["v1/entries"] =
        [
            .. Page, ("customerId", "Whose accounts."), ("amount", "Exactly this amount, whichever way."), ("currency", "Its currency."),
        ],
        ["v1/accounts/{account}/events"] = Page,
        ["v1/accounts/{account}/refusals"] = Page,
        ["v1/accounts"] =
        [
            .. Page, ("customerId", "Owner or delegate."), ("number", "Account number."), ("externalId", "The id an imported account had at its source."),
            ("currency", "ISO 4217 code."), ("status", "open or closed."), ("product", "Product."), ("q", "Part of the number, or the external id."),
        ],
        ["v1/customers"] = [.. Page, ("externalId", "The id an imported customer had at its source. Names are sealed and cannot be searched.")],
        ["v1/ledger/trial-balance"] = AsOf,
        ["v1/ledger/balance-sheet"] = AsOf,
        ["v1/ledger/accounts/{account}/entries"] =
        [
            .. Page, .. Days, ("knownAt", "Only what was known at this instant: RFC 3339, or a local time with tz."), ("tz", "IANA time zone of local times."),
        ],
        ["v1/ledger/figures"] = [.. Page, .. Days, ("by", "day or month; day when left out. A limit counts these.")],
        ["v1/feed"] =
        [
            ("after", "Only what comes after this position; the beginning when left out."), ("limit", "1 to 1000; 100 when left out."),
        ],
        ["v1/webhooks"] = Page,
        ["v1/feed/completeness"] = [("account", "An account's id, acc_…")],
        ["v1/notifications"] = [.. Page, ("account", "About one account, acc_…")],
        ["v1/notification-subscriptions"] = [.. Page, ("account", "To one account, acc_…")],
        ["ops/dead-letters"] =
        [
            ("destination", "Of one destination."), ("cause", "Of one cause."), ("account", "Of one account, acc_…"),
        ],
        ["audit/events"] =
        [
            .. Page, ("actor", "Who did it."), ("account", "An account's id, acc_…"), ("stream", "The id of an account, a customer or anything else with events."),
            ("type", "Type of event, such as accounts.money-deposited.v1."), ("correlationId", "What belongs together."), ("eventId", "One event, evt_…"),
            ("from", "Recorded at or after this instant: RFC 3339, or a local time with tz."), ("to", "Recorded before this instant."),
            ("tz", "IANA time zone of local times."),
        ],
    };

    private static OpenApiParameter Query(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiParameter Header(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
