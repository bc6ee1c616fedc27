namespace Banking.Host;

/// <summary>Reads settings strictly, and reports all problems together.</summary>
internal static class SettingRules
{
    public static bool IsEnabled(IConfiguration configuration, string name) =>
        configuration[name] switch
        {
            null or "" => false,
            var text => bool.TryParse(text, out var value)
                ? value
                : throw new ConfigurationException($"{name} must be true or false, not \"{text}\"."),
        };

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
