namespace Banking.Web.Commands;

/// <summary>
/// Metadata of a request that changes nothing of the bank, such as one for a simulation. It has no idempotency key: to keep one would be a
/// change, and a repeat does no harm.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChangesNothingAttribute : Attribute;
