using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Accounts.Simulations;

/// <summary>The problems of simulations.</summary>
internal static class SimulationProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new(
            "simulation_scope", RefusalKind.Invalid, "The request must choose its accounts in exactly one way.",
            "Send exactly one of accounts, customerId and cohort."),
        new(
            "simulation_without_accounts", RefusalKind.RuleBroken, "The customer has no account, or the bank has none of the kind.",
            "Choose a customer with accounts, or another product or currency."),
        new(
            "simulation_change_unfit", RefusalKind.Invalid, "A part of the hypothesis is incomplete or does not fit the accounts.",
            "Correct the member that errors points to."),
        new(
            "simulated_event_not_found", RefusalKind.RuleBroken, "The accounts of the simulation have no such event or refused command.",
            "Correct the id, or add its account.", "id"),
        new(
            "simulation_too_large", RefusalKind.RuleBroken, "The accounts have more events than a simulation may replay.",
            "Choose fewer accounts.", "accounts", "maxAccounts", "events", "maxEvents"),
        new(
            "too_many_simulations", RefusalKind.Unavailable, "This host runs as many simulations as it may.",
            "Repeat the request after Retry-After.", "limit", "retryAfterSeconds"),
        new(
            "simulation_not_found", RefusalKind.NotFound, "There is no such simulation: it was cancelled, or its hour is over.",
            "Start it again.", "id"),
    ];
}
