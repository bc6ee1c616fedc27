namespace Banking.EmbeddedPostgres;

/// <summary>Settings of the private cluster: its folder, its binaries and its server parameters.</summary>
public sealed record PostgresSettings
{
    /// <summary>The folder for the cluster, its password and its log. It persists between runs; one host at a time uses it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The folder with <c>postgres</c> and <c>initdb</c>. Default: search the PATH and the usual folders.</summary>
    public string? BinFolder { get; init; }

    /// <summary>The loopback port. Default: a free one, different at each start.</summary>
    public int? Port { get; init; }

    /// <summary>Deletes the existing cluster first.</summary>
    public bool Fresh { get; init; }

    /// <summary>Additional settings of postgresql.conf. They override the defaults of this component.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Allows the download of portable binaries if none are installed.</summary>
    public bool AllowDownload { get; init; } = true;

    internal BinarySearch Search { get; init; } = BinarySearch.ThisMachine;

    /// <summary>Starts a cluster whose restore is not finished.</summary>
    internal bool IsRestore { get; init; }

    internal TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
