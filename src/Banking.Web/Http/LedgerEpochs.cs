using Banking.Commands.Decisions;
using Banking.EventStore.Epochs;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>The epoch of the log in requests and answers: a position means something only together with it (ADR 0072).</summary>
public static class LedgerEpochs
{
    public const string Header = "Ledger-Epoch";

    /// <summary>The same in messages of brokers.</summary>
    public const string MessageHeader = "ledger-epoch";

    /// <summary>
    /// States the epoch with each position. It is the epoch at the begin of the request: if another one begins meanwhile, the caller gets
    /// 409 with its next request, and not an epoch that may lack what was answered.
    /// </summary>
    public static Task Middleware(HttpContext http, RequestDelegate next, LogEpochs epochs)
    {
        var epoch = epochs.History.Current.Name;
        http.Response.OnStarting(() =>
        {
            if (http.Response.Headers.ContainsKey(HttpAnswers.LedgerPosition))
            {
                http.Response.Headers[Header] = epoch;
            }

            return Task.CompletedTask;
        });
        return next(http);
    }

    /// <summary>Refuses another epoch than the current one; null if it is the current one.</summary>
    /// <param name="name">The name of the epoch in the request.</param>
    public static Refusal? Problem(EpochHistory history, string name, string text)
    {
        if (!Exact.TryId(text, out var epoch))
        {
            return Refusal.Malformed("malformed_epoch", $"{name} must have an epoch that the bank gave: 32 hexadecimal digits.");
        }

        return history.FirstDifference(epoch) is not { } first
            ? null
            : Refusal.Conflict(
                "epoch_changed",
                $"The database was restored. From position {first} on, the log may have other events than in this epoch. Drop the events "
                    + "from that position on, and continue with the current epoch.",
                ("epoch", history.Current.Name), ("firstPosition", first));
    }

    /// <summary>Reads a position, alone or as epoch:position.</summary>
    /// <returns>The problem of its epoch, or of its form.</returns>
    public static (long Position, Refusal? Problem) ReadPosition(EpochHistory history, string name, string text, string whereFrom)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var problem = colon < 0 ? null : Problem(history, name, text[..colon]);
        return problem is not null ? (0, problem)
            : Exact.TryNumber(text[(colon + 1)..], out var position) ? (position, null)
            : (0, Refusal.Malformed("malformed_position", $"{name} must be {whereFrom}: digits, or epoch:digits."));
    }
}
