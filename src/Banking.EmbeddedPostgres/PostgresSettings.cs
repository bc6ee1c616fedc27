namespace Banking.EmbeddedPostgres;

/// <summary>Where the private cluster lives and which PostgreSQL runs it.</summary>
public sealed record PostgresSettings
{
    /// <summary>Kept between runs: the cluster, its password and its log. One host at a time.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The folder with <c>postgres</c> and <c>initdb</c>; without it the PATH and the usual folders are searched.</summary>
    public string? BinFolder { get; init; }

    /// <summary>The loopback port; when left out a free one, another at each start.</summary>
    public int? Port { get; init; }

    /// <summary>Wipes the data folder first.</summary>
    public bool Fresh { get; init; }

    /// <summary>Extra postgresql.conf settings; they win over the defaults of this component.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether portable binaries may be downloaded when none are installed.</summary>
    public bool AllowDownload { get; init; } = true;

    internal BinarySearch Search { get; init; } = BinarySearch.ThisMachine;

    internal TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
