using Banking.EventStore.Callers;
using Microsoft.AspNetCore.Authorization;

namespace Banking.Web.Http;

/// <summary>The authorization policies of routes. Every route names one of them; a test lists all routes.</summary>
public static class Policies
{
    /// <summary>Registers customers and opens accounts.</summary>
    public const string Onboard = "onboard";

    /// <summary>Takes money in over the counter.</summary>
    public const string Deposit = "deposit";

    /// <summary>Moves money out of an account: staff at the counter, or the customer of the account.</summary>
    public const string MoveMoney = "move-money";

    /// <summary>Freezes, limits and closes accounts, and corrects transactions.</summary>
    public const string ControlAccounts = "control-accounts";

    /// <summary>Reads accounts and customers; a customer reads only their own.</summary>
    public const string Read = "read";

    /// <summary>Reads the state of the bank's operation.</summary>
    public const string Watch = "watch";

    /// <summary>Rebuilds and resumes read models.</summary>
    public const string Operate = "operate";

    /// <summary>Reads the general ledger.</summary>
    public const string ReadBooks = "read-books";

    /// <summary>Reads the audit trail of all accounts.</summary>
    public const string Audit = "audit";

    /// <summary>Subscribes to notifications of an account: staff, or the customer of the account.</summary>
    public const string Subscribe = "subscribe";

    /// <summary>Issues and schedules statements of an account: staff, or the customer of the account.</summary>
    public const string IssueStatements = "issue-statements";

    /// <summary>Asks what would have happened otherwise: staff only.</summary>
    public const string Simulate = "simulate";

    /// <summary>Reads the published events of all accounts.</summary>
    public const string ReadFeed = "read-feed";

    /// <summary>Manages webhook endpoints and reads their signing secrets.</summary>
    public const string ManageWebhooks = "manage-webhooks";

    /// <summary>Reads proposals of commands.</summary>
    public const string ReadProposals = "read-proposals";

    /// <summary>Approves and rejects proposals of others, and withdraws own ones.</summary>
    public const string DecideProposals = "decide-proposals";

    /// <summary>Reads the accounting periods.</summary>
    public const string ReadPeriods = "read-periods";

    /// <summary>Closes accounting periods, and proposes or approves that one is reopened.</summary>
    public const string ClosePeriods = "close-periods";

    public static void Add(AuthorizationOptions options)
    {
        Allow(options, Onboard, Roles.Teller);
        Allow(options, Deposit, Roles.Teller);
        Allow(options, MoveMoney, Roles.Teller, Roles.Customer);
        Allow(options, ControlAccounts, Roles.Teller, Roles.Operator);
        Allow(options, Read, [.. Roles.All]);
        Allow(options, Watch, Roles.Operator, Roles.Auditor);
        Allow(options, Operate, Roles.Operator);
        Allow(options, ReadBooks, Roles.Operator, Roles.Auditor);
        Allow(options, Audit, Roles.Operator, Roles.Auditor);
        Allow(options, Subscribe, Roles.Teller, Roles.Operator, Roles.Customer);
        Allow(options, IssueStatements, Roles.Teller, Roles.Operator, Roles.Customer);
        Allow(options, Simulate, Roles.Teller, Roles.Operator, Roles.Auditor);
        Allow(options, ReadFeed, Roles.Operator, Roles.Auditor);
        Allow(options, ManageWebhooks, Roles.Operator);
        Allow(options, ReadProposals, Roles.Teller, Roles.Operator, Roles.Auditor);
        Allow(options, DecideProposals, Roles.Teller, Roles.Operator);
        Allow(options, ReadPeriods, Roles.Teller, Roles.Operator, Roles.Auditor);
        Allow(options, ClosePeriods, Roles.Operator);
        options.FallbackPolicy = options.DefaultPolicy;
    }

    private static void Allow(AuthorizationOptions options, string policy, params string[] roles) =>
        options.AddPolicy(policy, p => p.RequireAuthenticatedUser()
            // Exactly one role: with two, authorization could use one and the endpoint the other.
            .RequireAssertion(c => c.User.FindAll(Claims.Role).Take(2).Count() == 1)
            .RequireClaim(Claims.Subject).RequireClaim(Claims.Role, roles));
}

/// <summary>The claims of a caller. Settings say where they are in the tokens of an issuer.</summary>
public static class Claims
{
    public const string Subject = "sub";
    public const string Role = "role";

    /// <summary>The public id of the customer, in a token of role customer.</summary>
    public const string Customer = "customer";

    /// <summary>The display name, if the token has one. It is never stored with an event: the actor is the subject.</summary>
    public const string Name = "name";
}
