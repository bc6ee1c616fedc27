using Banking.SharedKernel;
using Microsoft.Extensions.Configuration;

namespace Banking.Accounts.Domain;

/// <summary>Settings for corrections that need an approval.</summary>
public sealed record CorrectionSettings
{
    /// <summary>The name of their section.</summary>
    public const string Section = "Banking:Corrections";

    /// <summary>By currency: the largest amount that a correction may book without an approval, as a decimal string.</summary>
    public IDictionary<string, string> ApprovalAmounts { get; init; } = new Dictionary<string, string>();

    /// <summary>The age in days from which the correction of a transaction needs an approval; none if null.</summary>
    public int? ApprovalDays { get; init; }
}

/// <summary>Which corrections need an approval.</summary>
/// <param name="Amounts">The largest amounts without an approval. If there is one, a currency without an amount has zero: a bank that
/// limits corrections in one currency must not leave another one open by omission.</param>
/// <param name="Days">The largest age of a transaction without an approval; null for any.</param>
public sealed record CorrectionApprovalRule(IReadOnlyDictionary<Currency, Money> Amounts, int? Days)
{
    private const int MaxDays = 36_500;

    /// <summary>No correction needs an approval for its amount or age.</summary>
    public static CorrectionApprovalRule None { get; } = new(new Dictionary<Currency, Money>(), null);

    /// <exception cref="FormatException">A setting is invalid.</exception>
    internal static CorrectionApprovalRule Of(IConfiguration configuration)
    {
        var settings = configuration.GetSection(CorrectionSettings.Section).Get<CorrectionSettings>() ?? new();
        var (amounts, problems) = (new Dictionary<Currency, Money>(), new List<string>());
        foreach (var (code, text) in settings.ApprovalAmounts)
        {
            var name = $"{CorrectionSettings.Section}:{nameof(settings.ApprovalAmounts)}:{code}";
            if (!Currency.TryParse(code, out var currency))
            {
                problems.Add($"{name}: {code} is not a currency of this bank.");
            }
            else if (!Money.TryParse(text, currency, out var amount, out _) || amount.Minor < 0)
            {
                problems.Add($"{name} must be an amount in {code}, zero or more, not \"{text}\".");
            }
            else
            {
                amounts[currency] = amount;
            }
        }

        if (settings.ApprovalDays is < 0 or > MaxDays)
        {
            problems.Add(
                $"{CorrectionSettings.Section}:{nameof(settings.ApprovalDays)} must be 0 to {MaxDays}, not {settings.ApprovalDays}.");
        }

        return problems.Count == 0
            ? new(amounts, settings.ApprovalDays)
            : throw new FormatException(string.Join(Environment.NewLine, problems));
    }

    public bool IsAbove(Money amount) =>
        Amounts.Count > 0 && (!Amounts.TryGetValue(amount.Currency, out var largest) || amount > largest);

    public bool IsOld(DateTimeOffset effectiveAt, DateTimeOffset now) => Days is { } days && now - effectiveAt > TimeSpan.FromDays(days);
}
