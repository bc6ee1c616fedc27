namespace Banking.Host.Hosting;

/// <summary>The host cannot run as it is configured; the message says what to set.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
