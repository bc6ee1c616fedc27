using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Reads a balance from a query: a decimal that, unlike an amount of a command, may have a minus and exceed 64 bits.</summary>
public static class SignedAmountQuery
{
    /// <summary>The balance; null if the query has none; or its problem.</summary>
    public static (MoneySum? Balance, Refusal? Problem) Read(HttpRequest request, string name, Currency currency)
    {
        if (!request.Query.TryGetValue(name, out var text))
        {
            return (null, null);
        }

        return MoneySum.TryParse(text.ToString(), currency, out var balance)
            ? (balance, null)
            : (null, Refusal.Malformed(
                "invalid_amount", $"{name} is a decimal with at most {currency.Scale} decimals, such as -125.50, in {currency.Code}."));
    }
}
