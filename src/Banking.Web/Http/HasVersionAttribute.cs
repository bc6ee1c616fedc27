namespace Banking.Web.Http;

/// <summary>Metadata of a GET that answers with a <see cref="VersionedResult"/>: it has an ETag and honours If-None-Match.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HasVersionAttribute : Attribute;
