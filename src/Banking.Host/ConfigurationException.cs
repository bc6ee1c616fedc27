namespace Banking.Host;

/// <summary>The host cannot run with its configuration. The message names the setting to change.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
