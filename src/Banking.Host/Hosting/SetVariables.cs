using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Banking.Host.Hosting;

/// <summary>
/// Environment variables as settings. A variable without a value is no setting: docker-compose passes an unset variable as
/// an empty one, and a number or a file name cannot be empty.
/// </summary>
internal sealed class SetVariables(string? prefix) : EnvironmentVariablesConfigurationProvider(prefix)
{
    public override void Load()
    {
        base.Load();
        foreach (var empty in Data.Where(v => string.IsNullOrEmpty(v.Value)).Select(v => v.Key).ToList())
        {
            Data.Remove(empty);
        }
    }

    public static IConfigurationBuilder Add(IConfigurationBuilder builder, string? prefix = null) => builder.Add(new Source(prefix));

    /// <summary>Replaces the sources of variables that ASP.NET Core adds by itself, in their places.</summary>
    public static void Replace(IList<IConfigurationSource> sources)
    {
        for (var i = 0; i < sources.Count; i++)
        {
            if (sources[i] is EnvironmentVariablesConfigurationSource variables)
            {
                sources[i] = new Source(variables.Prefix);
            }
        }
    }

    private sealed class Source(string? prefix) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new SetVariables(prefix);
    }
}
