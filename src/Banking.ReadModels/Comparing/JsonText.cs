using System.Text.Json;

namespace Banking.ReadModels.Comparing;

/// <summary>Compares JSON texts, because jsonb keeps neither the order of members nor the spelling of numbers.</summary>
internal static class JsonText
{
    /// <returns>False if one of them is not JSON.</returns>
    public static bool IsSame(string one, string other)
    {
        try
        {
            using var first = JsonDocument.Parse(one);
            using var second = JsonDocument.Parse(other);
            return JsonElement.DeepEquals(first.RootElement, second.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
