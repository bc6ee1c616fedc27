using System.Text.RegularExpressions;
using Banking.Accounts.Contracts;
using Banking.Commands.Decisions;

namespace Banking.Accounts.Features;

/// <summary>The details of a movement as a command states them.</summary>
internal static partial class CommandDetails
{
    /// <summary>ISO 20022: Max35Text.</summary>
    private const int MaxEndToEndId = 35;

    /// <summary>The longest bank or account of a counterparty.</summary>
    public const int MaxParty = 140;

    public static MovementDetails? Of(string? reference, string? purposeCode, string? endToEndId, Counterparty? counterparty = null) =>
        (reference, purposeCode, endToEndId, counterparty) is (null, null, null, null)
            ? null
            : new(
                Purpose: purposeCode is null ? null : new(Code: purposeCode),
                Reference: reference,
                Counterparty: counterparty,
                EndToEndId: endToEndId);

    /// <summary>Checks the members that need no account. A failure is not stored.</summary>
    public static Refusal? Check(string? purposeCode, string? endToEndId, Counterparty? counterparty = null) =>
        purposeCode is not null && !PurposeCode().IsMatch(purposeCode)
            ? Refusal.Invalid(
                "invalid_text", "purposeCode is one to four capital letters and digits, such as SALA (ISO 20022).", "#/purposeCode")
        : CommandValidation.CheckText("endToEndId", endToEndId, MaxEndToEndId) is { } unfit ? unfit
        : counterparty is { Bank: null, Account: null }
            ? Refusal.Invalid("invalid_text", "counterparty has a bank, an account, or both.", "#/counterparty")
        : CommandValidation.CheckText("counterparty/bank", counterparty?.Bank, MaxParty)
            ?? CommandValidation.CheckText("counterparty/account", counterparty?.Account, MaxParty);

    [GeneratedRegex("^[A-Z0-9]{1,4}$", RegexOptions.CultureInvariant)]
    private static partial Regex PurposeCode();
}
