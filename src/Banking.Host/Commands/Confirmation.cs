namespace Banking.Host.Commands;

/// <summary>Asks the user to confirm what cannot be undone.</summary>
internal static class Confirmation
{
    /// <returns>Whether the user confirmed. False if there is no terminal to ask at.</returns>
    public static bool AskAtTerminal(string question)
    {
        if (Console.IsInputRedirected)
        {
            return false;
        }

        Console.Write($"{question} Type yes to confirm: ");
        return Console.ReadLine()?.Trim() == "yes";
    }
}
