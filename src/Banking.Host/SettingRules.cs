namespace Banking.Host;

/// <summary>Reads settings strictly, and reports all problems together.</summary>
internal static class SettingRules
{
    /// <summary>Whether a setting is true. A value that is neither true nor false is not; KnownSettings reports it.</summary>
    public static bool IsEnabled(IConfiguration configuration, string name) => bool.TryParse(configuration[name], out var value) && value;

    /// <summary>The folder of the private cluster, of its key ring, and of the key of development tokens.</summary>
    public static string DataFolder(IConfiguration configuration) =>
        // A variable without a value, which docker-compose passes for an unset one, is no setting.
        Path.GetFullPath(configuration["Banking:DataFolder"] is { } folder && !string.IsNullOrWhiteSpace(folder) ? folder : ".banking");

    /// <summary>Reads several parts of the configuration, and reports the problems of all.</summary>
    /// <exception cref="ConfigurationException">There is a problem. The message has one line for each.</exception>
    public static void ReadAll(params IEnumerable<Action> parts)
    {
        var problems = new List<string>();
        foreach (var read in parts)
        {
            try
            {
                read();
            }
            catch (Exception wrong) when (wrong is ConfigurationException or FormatException)
            {
                problems.Add(wrong.Message);
            }
        }

        ThrowIfAny(problems);
    }

    /// <exception cref="ConfigurationException">There is a problem. The message has one line for each.</exception>
    public static void ThrowIfAny(IEnumerable<string> problems)
    {
        var lines = problems.ToList();
        if (lines.Count > 0)
        {
            throw new ConfigurationException(string.Join(Environment.NewLine, lines));
        }
    }
}
