using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.Explaining;

/// <summary>The balance that a query asks about: at a moment, and of a period of effective days.</summary>
/// <param name="Counted">The events that count.</param>
/// <param name="Known">The instants of the query; null if it names a version or no moment.</param>
internal sealed record ExplanationQuery(Account Account, CountedEvents Counted, Moment.AtInstants? Known, DateOnly? From, DateOnly? To)
{
    /// <summary>The place after which a page begins; null for the first page.</summary>
    public EffectivePlace? After { get; init; }

    /// <summary>The first instant of the period.</summary>
    public DateTimeOffset Start => From is { } day && Midnight(day) > ChangeQuery.Earliest ? Midnight(day) : ChangeQuery.Earliest;

    /// <summary>The end of the period, exclusive.</summary>
    public DateTimeOffset End
    {
        get
        {
            var after = Counted.EffectiveAt == DateTimeOffset.MaxValue ? Counted.EffectiveAt : Counted.EffectiveAt.AddTicks(1);
            return To is { } day && Midnight(day) < after ? Midnight(day) : after;
        }
    }

    public static async Task<(ExplanationQuery? Query, Refusal? Problem)> ReadAsync(
        HttpRequest request, Account account, MomentReader moments, DateTimeOffset now)
    {
        var (moment, problem) = Moment.Read(request, account, now);
        var (from, unfit) = DateQuery.Read(request, "from");
        var (to, wrong) = DateQuery.Read(request, "to");
        problem ??= unfit ?? wrong ?? (from > to ? DateQuery.Reversed() : null);
        return problem is not null
            ? (null, problem)
            : (new(account, await moments.ReadAsync(account, moment!, request.HttpContext.RequestAborted), moment as Moment.AtInstants,
                from, to), null);
    }

    /// <summary>The link to the movements of a part of the period.</summary>
    public string Movements(DateOnly? from, DateOnly? to, string filter = "") => Link("/movements", from, to) + filter;

    /// <summary>The link to the explanation of a part of the period.</summary>
    public string Explanation(DateOnly? from, DateOnly? to) => Link("", from, to);

    private string Link(string path, DateOnly? from, DateOnly? to) =>
        $"/v1/accounts/{AccountId.Format(Account.Id)}/balance/explain{path}?{MomentText()}{Text("from", from)}{Text("to", to)}";

    private string MomentText() => Known is { } known
        ? MomentLinks.Of(known)
        : string.Create(CultureInfo.InvariantCulture, $"version={Counted.Version}");

    private static string Text(string name, DateOnly? day) =>
        day is { } date ? string.Create(CultureInfo.InvariantCulture, $"&{name}={date:yyyy-MM-dd}") : "";

    private static DateTimeOffset Midnight(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);
}
