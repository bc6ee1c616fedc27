using Banking.ReadModels.Books;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// A comparison is made of parts. One that fails because of the data is a difference itself, and the others are compared all the same.
/// </summary>
internal static class Parts
{
    /// <param name="of">What the part compares.</param>
    public static async Task<IReadOnlyList<Difference>> RunAsync(
        string of, string part, Guid? stream, Func<Task<IReadOnlyList<Difference>>> compare)
    {
        try
        {
            return await compare();
        }
        catch (Exception failure) when (ReadModelWriter.IsOfTheData(failure))
        {
            return [new(of, part, stream, null, $"It cannot be compared: {failure.Message}")];
        }
    }
}
