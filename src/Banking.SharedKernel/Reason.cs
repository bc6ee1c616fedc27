namespace Banking.SharedKernel;

/// <summary>Why someone did something.</summary>
/// <param name="Code">A stable code that machines compare.</param>
/// <param name="Text">The person's own words, when there are any.</param>
public sealed record Reason(string Code, string? Text);
