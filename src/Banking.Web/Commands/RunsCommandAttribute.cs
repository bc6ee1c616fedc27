namespace Banking.Web.Commands;

/// <summary>Metadata of an endpoint that runs one command with <see cref="CommandRoute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RunsCommandAttribute : Attribute
{
    /// <summary>Whether a request without an Idempotency-Key is refused. It is, wherever money moves.</summary>
    public bool IsKeyRequired { get; init; }
}
