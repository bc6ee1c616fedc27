using Microsoft.Extensions.Configuration;

namespace Banking.Approvals;

/// <summary>Settings of proposals.</summary>
public sealed record ApprovalSettings
{
    /// <summary>The name of their section.</summary>
    public const string Section = "Banking:Approvals";

    private const int MaxHours = 8_760;

    /// <summary>Hours in which a proposal can be approved.</summary>
    public int ValidHours { get; init; } = 72;

    /// <exception cref="FormatException">The setting is out of range.</exception>
    internal static ApprovalSettings Of(IConfiguration configuration)
    {
        var settings = configuration.GetSection(Section).Get<ApprovalSettings>() ?? new();
        return settings.ValidHours is > 0 and <= MaxHours
            ? settings
            : throw new FormatException($"{Section}:{nameof(ValidHours)} must be 1 to {MaxHours}, not {settings.ValidHours}.");
    }
}
