using System.Security.Claims;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Reads the caller from the token, never from the payload.</summary>
public static class CallerOf
{
    public static Caller Caller(this HttpContext http)
    {
        var user = http.User;
        var role = Required(user, Claims.Role);
        Guid? customer = null;
        if (role == Roles.Customer)
        {
            // A customer's token without a customer id owns nothing: it gets an id that no account has.
            customer = PublicId.TryParse("cus", user.FindFirstValue(Claims.Customer), out var id) ? id : Guid.Empty;
        }

        return new(Required(user, Claims.Subject), role, customer, Channels.Http);
    }

    private static string Required(ClaimsPrincipal user, string claim) => user.FindFirstValue(claim)
        ?? throw new InvalidOperationException($"The authorized request has no claim '{claim}'; check that its route has a policy.");
}
