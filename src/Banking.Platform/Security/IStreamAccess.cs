namespace Banking.Platform.Security;

/// <summary>
/// Whether a caller may know of a stream, answered by the module whose streams they are: what others tell about an account must be as discreet as the
/// account itself, and only its own module knows whose it is.
/// </summary>
public interface IStreamAccess
{
    /// <summary>The kind of streams that this one answers for, such as account.</summary>
    string StreamType { get; }

    /// <summary>False too where there is no such stream.</summary>
    Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct);
}
