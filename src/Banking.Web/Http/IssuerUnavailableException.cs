namespace Banking.Web.Http;

/// <summary>The keys of the issuer are not known, so the token cannot be checked.</summary>
public sealed class IssuerUnavailableException(TimeSpan retryAfter) : Exception("The issuer of tokens cannot be reached.")
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
