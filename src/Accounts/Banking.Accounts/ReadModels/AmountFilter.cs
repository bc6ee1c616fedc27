using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>Reads an amount and its currency from the query of a list.</summary>
internal static class AmountFilter
{
    public static (Currency? Currency, Refusal? Problem) ReadCurrency(HttpRequest request) =>
        !request.Query.TryGetValue("currency", out var code) ? (null, null)
        : Currency.TryParseEver(code, out var currency) ? (currency, null)
        : (null, Refusal.Malformed("unknown_currency", "currency is an ISO 4217 code, active or withdrawn."));

    /// <param name="currency">The currency of the query; an amount without one is refused.</param>
    public static (Money? Amount, Refusal? Problem) Read(HttpRequest request, string name, Currency? currency)
    {
        if (!request.Query.TryGetValue(name, out var text))
        {
            return (null, null);
        }

        if (currency is not { } known)
        {
            return (null, Refusal.Malformed("unknown_currency", $"{name} requires currency, an ISO 4217 code."));
        }

        var (amount, problem) = Amount.ReadValue(text.ToString(), known, "/" + name, zeroAllowed: true);
        return problem is null
            ? (amount, null)
            : (null, problem with { Kind = RefusalKind.Malformed, Pointer = null, Detail = $"{name}: {problem.Detail}" });
    }
}
