using Banking.Commands.Decisions;
using Banking.EventStore.Versions;
using Banking.SharedKernel;
using Microsoft.Extensions.Configuration;

namespace Banking.Accounts.Domain;

/// <summary>When the state of an account is carried forward, so that the fold of a long stream can start there.</summary>
/// <param name="Events">After this many events of an account; 0 for never.</param>
/// <param name="EventsAtClose">When a period is closed, for accounts with at least this many events; 0 for never.</param>
public sealed record CarryForwardPolicy(int Events = 10_000, int EventsAtClose = 1_000)
{
    /// <summary>The section of the settings.</summary>
    public const string Section = "Banking:CarryForward";

    public static CarryForwardPolicy Default { get; } = new();

    /// <summary>Releases before this day do not know the event.</summary>
    private static readonly DateOnly Since = new(2026, 11, 30);

    /// <exception cref="FormatException">A setting is negative.</exception>
    internal static CarryForwardPolicy Of(IConfiguration configuration)
    {
        var policy = configuration.GetSection(Section).Get<CarryForwardPolicy>() ?? Default;
        return policy is { Events: >= 0, EventsAtClose: >= 0 }
            ? EventSettings.Of(configuration).Writes(Since) ? policy : new(0, 0)
            : throw new FormatException($"{Section}:{nameof(Events)} and {nameof(EventsAtClose)} must be 0 or more.");
    }

    /// <summary>Schedules the command for each account that reaches the number of events with this decision.</summary>
    /// <param name="find">Finds an account as it was before the decision.</param>
    internal Decision Apply(Decision decision, Func<Guid, Account> find, DateTimeOffset now)
    {
        if (Events == 0 || decision is not Decision.Accepted accepted)
        {
            return decision;
        }

        List<DueCommand>? due = null;
        for (var i = 0; i < accepted.Events.Count; i++)
        {
            if (accepted.Events[i].Data is AccountClosed)
            {
                continue;
            }

            var account = find(accepted.Events[i].StreamId);
            var version = account.Version + 1 + EventsBefore(accepted.Events, i);
            if ((version - (account.CarriedAt ?? 0)) % Events == 0)
            {
                (due ??= []).Add(new(
                    DeterministicId.From(account.Id, $"carry-forward {version}"), CarryAccountForward.Operation, now,
                    new CarryAccountForward(account.Id)));
            }
        }

        return due is null ? decision : accepted with { Due = [.. accepted.Due, .. due] };
    }

    /// <summary>The number of events of the same account before one of the decision.</summary>
    private static int EventsBefore(IReadOnlyList<NewEvent> events, int index)
    {
        var count = 0;
        for (var i = 0; i < index; i++)
        {
            count += events[i].StreamId == events[index].StreamId ? 1 : 0;
        }

        return count;
    }
}

/// <summary>Due command that carries the state of an account forward.</summary>
internal sealed record CarryAccountForward(Guid Account)
{
    /// <summary>Stored name of the operation, permanent.</summary>
    public const string Operation = "accounts.carry-account-forward.v1";
}

/// <summary>Message of the module to itself: carry the states of the next accounts forward, because a period was closed.</summary>
/// <param name="Closing">The id of the event that closed the period.</param>
/// <param name="After">The last account that was looked at.</param>
public sealed record CarryAccountsForward(Guid Closing, Guid After);
