using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Web.Commands;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>Refused commands.</summary>
internal sealed partial class Simulation
{
    public void Apply(RecordedRefusal refusal)
    {
        var facts = RefusalFacts.Of(refusal);
        // A transfer that its payee refused is listed under its payer, which may be outside.
        var account = _accounts.Find(refusal.StreamId) ?? _accounts.Find(facts.Account)
            ?? throw new InvalidOperationException($"No account of refusal {refusal.Id} is in the simulation.");
        BeforeRecorded(account, refusal.RecordedAt);
        if (hypothesis.Omitted.Contains(refusal.Id))
        {
            NoteRefusal(DifferenceKind.Omitted, refusal, account, null, null);
            return;
        }

        var hasValues = hypothesis.Changed.TryGetValue(refusal.Id, out var values);
        if (facts.IsOfBatch || Command(refusal, values) is not { } command)
        {
            Undecided += account.Differs ? 1 : 0;
            return;
        }

        var inside = _accounts.Find(command.Accounts).ToList();
        inside.ForEach(a => BeforeRecorded(a, refusal.RecordedAt));
        // The values may be those that it has.
        var isChanged = hasValues && Command(refusal, default) is { } own
            && (own.Amount, own.EffectiveAt) != (command.Amount, command.EffectiveAt);
        if ((isChanged || inside.Any(a => a.Differs)) && !IsGiven(refusal, account, facts, command))
        {
            DecideAgain(refusal, account, command, isChanged);
        }
    }

    private void DecideAgain(RecordedRefusal refused, SimulatedAccount account, SimulatedCommand command, bool isChanged)
    {
        var (events, refusal) = _accounts.Decide(command, refused.Id, refused.RecordedAt, rule);
        Book(events, refused.Id, refused.RecordedAt);
        if (isChanged || refusal?.Code != refused.Code)
        {
            NoteRefusal(
                refusal is null ? DifferenceKind.Accepted : isChanged ? DifferenceKind.Changed : DifferenceKind.RefusedOtherwise,
                refused, account, command, refusal);
        }
    }

    private SimulatedCommand? Command(RecordedRefusal refusal, ChangedValues values)
    {
        try
        {
            return refusal.Command switch
            {
                null => null,
                { Type: CorrectionOperation.Message } data => corrections.Again(data.Read<CorrectTransaction>(), _accounts.Resolve),
                var data => CommandsOfRefusals.Of(data, values, _accounts.Resolve),
            };
        }
        catch (JsonException)
        {
            // Another version of the bank stored the command in a form that this one cannot read. The refusal counts as undecided.
            return null;
        }
    }

    /// <summary>
    /// Whether an outcome does not follow from the simulated past: the limit of the hypothesis replaces all others, what an account outside
    /// refused it refuses, what was not approved stays so, and so does what was refused because its period was closed.
    /// </summary>
    private bool IsGiven(RecordedRefusal refusal, SimulatedAccount account, RefusalFacts facts, SimulatedCommand command) =>
        (command.Name == ChangeOverdraftLimitHandler.Definition.Shape.Name && account.HasLimit)
        || refusal.Code is CorrectionApproval.RequiredCode or ClosedPeriod.Code
        || refusal.Operation.EndsWith($"?{CommandRequest.ProposeParameter}=true", StringComparison.Ordinal)
        || (command.Accounts.Any(a => _accounts.Find(a) is null) && facts.Account is { } refusing && _accounts.Find(refusing) is null);

    private void NoteRefusal(
        DifferenceKind kind, RecordedRefusal refused, SimulatedAccount account, SimulatedCommand? command, Refusal? refusal) =>
        Differences.Add(new(
            kind, account.Id, command is null ? null : Other(command, account), PublicId.Format(RefusalId.Prefix, refused.Id),
            command?.Name ?? refused.Operation, refused.RecordedAt, command?.EffectiveAt, null, command?.Amount, refused.Code, refusal,
            account.Real?.Balance, account.Simulated?.Balance));

    private static Guid? Other(SimulatedCommand command, SimulatedAccount account) =>
        command.Accounts.Where(a => a != account.Id).Select(a => (Guid?)a).FirstOrDefault();
}
