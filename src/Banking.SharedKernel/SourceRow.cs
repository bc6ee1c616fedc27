namespace Banking.SharedKernel;

/// <summary>Where an imported row came from, so that every migrated fact can be shown in its source.</summary>
/// <param name="System">Name of the system that exported it.</param>
/// <param name="File">Name of the exported file, without folders.</param>
/// <param name="Line">Line in that file, counted from 1; a header is line 1.</param>
/// <param name="Id">The row's own id in that system.</param>
public sealed record SourceRow(string System, string File, int Line, string Id);
