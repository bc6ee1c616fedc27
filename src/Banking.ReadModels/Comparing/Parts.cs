using Banking.ReadModels.Books;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Runs a part of a comparison. A part that fails because of the data is itself a difference, and the other parts still run.
/// </summary>
internal static class Parts
{
    /// <param name="of">The data that the part compares.</param>
    public static async Task<IReadOnlyList<Difference>> RunAsync(
        string of, string part, Guid? stream, Func<Task<IReadOnlyList<Difference>>> compare)
    {
        try
        {
            return await compare();
        }
        catch (Exception failure) when (ReadModelWriter.IsDataFailure(failure))
        {
            return [Failed(of, part, stream, failure)];
        }
    }

    /// <summary>The difference that a part gives which cannot be compared.</summary>
    public static Difference Failed(string of, string part, Guid? stream, Exception failure) =>
        new(of, part, stream, null, $"Cannot compare: {failure.Message}");
}
