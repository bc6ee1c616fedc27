namespace Banking.Web.Commands;

/// <summary>Metadata of an endpoint that runs one command with <see cref="CommandRoute"/>. Its Idempotency-Key is optional.</summary>
[AttributeUsage(AttributeTargets.Method)]
public class RunsCommandAttribute : Attribute
{
    /// <summary>Whether a request without an Idempotency-Key is refused.</summary>
    public virtual bool IsKeyRequired => false;
}

/// <summary>Metadata of an endpoint whose command moves money: its Idempotency-Key is required.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MovesMoneyAttribute : RunsCommandAttribute
{
    public override bool IsKeyRequired => true;
}
