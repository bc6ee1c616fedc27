using Banking.Accounts.Contracts;
using Banking.Accounts.ReadModels;
using Banking.Commands.Decisions;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.Explaining;

/// <summary>Declares the query parameters that <see cref="MovementFilter"/> reads.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MovementFilterAttribute : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new("kind", "Only movements of this type of entry.", typeof(string)) { Values = MovementFilter.Kinds },
        new("counterparty", "Only movements of this counterparty, as the explanation names it.", typeof(string)),
        new("amount", "Only credits and debits of this amount, such as 125.50.", typeof(string)),
        new("reason", "Only movements with this text in their reason; upper and lower case are the same.", typeof(string)),
        new("actor", "Only movements of this actor.", typeof(string)),
    ];

    public IReadOnlyList<string> Codes { get; } = ["malformed_filter", "invalid_amount"];
}

/// <summary>The movements that a list shows.</summary>
/// <param name="Amount">Without a sign.</param>
/// <param name="Reason">A part of the reason.</param>
internal sealed record MovementFilter(string? Kind, string? Counterparty, Money? Amount, string? Reason, string? Actor)
{
    /// <summary>Longer than any reason or actor.</summary>
    private const int MaxText = 200;

    public static string[] Kinds { get; } =
        ["deposit", "withdrawal", "transfer-sent", "transfer-received", "correction", "reversed", "rebooked"];

    public static MovementFilter All { get; } = new(null, null, null, null, null);

    public static (MovementFilter Filter, Refusal? Problem) Read(HttpRequest request, Currency currency)
    {
        var (amount, problem) = AmountFilter.Read(request, "amount", currency);
        MovementFilter filter = new(Text("kind"), Text("counterparty"), amount, Text("reason"), Text("actor"));
        return (filter, problem ?? filter.Problem());

        string? Text(string name) => request.Query.TryGetValue(name, out var text) ? text.ToString() : null;
    }

    /// <summary>Whether the movement is shown. A reason or an actor that the caller may not see matches nothing.</summary>
    public bool Matches(AccountChange change, Caller caller) =>
        change.Event.Data is IMovement movement
        && (Kind is null || EntryView.TypeOf(movement) == Kind)
        && (Counterparty is null || Explaining.Counterparty.Of(movement).Key == Counterparty)
        && (Amount is null || movement.Amount == Amount)
        && (Reason is null || change.Event.ReasonFor(caller)?.Contains(Reason, StringComparison.OrdinalIgnoreCase) == true)
        && (Actor is null || (change.Event.UserName == Actor && caller.CanSeeOrigin(change.Event)));

    private Refusal? Problem()
    {
        if (Kind is not null && !Kinds.Contains(Kind))
        {
            return Refusal.Malformed("malformed_filter", $"kind is one of {string.Join(", ", Kinds)}.");
        }

        foreach (var (name, text, maxLength) in new[]
        {
            ("counterparty", Counterparty, Explaining.Counterparty.MaxLength), ("reason", Reason, MaxText), ("actor", Actor, MaxText),
        })
        {
            if (PlainText.Problem(text, maxLength) is { } why)
            {
                return Refusal.Malformed("malformed_filter", $"{name}: {why}");
            }
        }

        return null;
    }
}
