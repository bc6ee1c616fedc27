using System.Globalization;

namespace Banking.Commands.Groups;

/// <summary>
/// Conditions of a search for states. They refer to <c>d.id</c> and <c>d.data</c>, and have a ? for each of their values.
/// </summary>
public sealed class StateSearch
{
    private readonly List<Condition> _byId = [];
    private readonly List<Condition> _byData = [];

    /// <summary>Adds a condition on <c>d.id</c> alone, which can be applied to streams too.</summary>
    public void AddById(string sql, params object[] values) => _byId.Add(new(sql, values));

    public void AddByData(string sql, params object[] values) => _byData.Add(new(sql, values));

    internal IReadOnlyList<Condition> ById => _byId;

    internal IReadOnlyList<Condition> All => [.. _byId, .. _byData];

    /// <summary>SQL for a range of ids and conditions; the values are added to those of the statement.</summary>
    internal static string InRange(IEnumerable<Condition> conditions, Guid after, Guid upTo, List<object?> values) => string.Join(
        " and ",
        (string[])
            [
                $"d.id > {Add(values, after)}",
                $"d.id <= {Add(values, upTo)}",
                .. conditions.Select(c => c.Sql([.. c.Values.Select(v => Add(values, v))])),
            ]);

    /// <summary>Adds a value to those of a statement, and returns its number in the statement.</summary>
    internal static string Add(List<object?> values, object value)
    {
        values.Add(value);
        return "$" + values.Count.ToString(CultureInfo.InvariantCulture);
    }

    internal sealed record Condition(string Text, IReadOnlyList<object> Values)
    {
        /// <summary>The condition as SQL, with parameters in place of each ?.</summary>
        public string Sql(IReadOnlyList<string> parameters)
        {
            var parts = Text.Split('?');
            return "(" + string.Concat(parts.Select((p, i) => i == 0 ? p : parameters[i - 1] + p)) + ")";
        }
    }
}
