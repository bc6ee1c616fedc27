using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Banking.Testing;

namespace Banking.System.Tests.Requests;

/// <summary>A file of requests that editors run from top to bottom. A request uses answers of named requests before it.</summary>
/// <param name="tokens">A token of a role. Those of /dev/token are of the bank's clock, but are checked by the machine's.</param>
internal sealed partial class HttpFile(string name, DateTimeOffset now, Func<string, string> tokens)
{
    private readonly Dictionary<string, JsonElement> _answers = [];

    /// <summary>Sends all requests.</summary>
    /// <returns>The title, status and body of each answer.</returns>
    public async Task<IReadOnlyList<(string Title, int Status, string Body)>> RunAsync(BankClient client)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(TestFolders.Repository, "requests", name));
        var results = new List<(string, int, string)>();
        foreach (var block in Separator().Split(text)[1..])
        {
            results.Add(await SendAsync(block.Trim(), client));
        }

        return results;
    }

    private async Task<(string Title, int Status, string Body)> SendAsync(string block, BankClient client)
    {
        var lines = block.Split('\n').ToList();
        var start = lines.FindIndex(l => RequestLine().IsMatch(l));
        var end = lines.FindIndex(start, l => l.Length == 0) is > 0 and var blank ? blank : lines.Count;
        var method = lines[start].Split(' ')[0];
        var address = Fill(lines[start][(method.Length + 1)..]);
        var headers = lines[(start + 1)..end].Select(l => l.Split(": ")).Select(h => (h[0], Fill(h[1]))).ToList();
        var body = Fill(string.Join('\n', lines.Skip(end + 1)));

        // A new webhook is a destination a moment later. People are slower than that.
        var answer = await Eventually.UntilAsync(
            () => client.SendAsync(
                new(method), address, body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json"),
                [.. headers.Where(h => h.Item1 != "Content-Type")]),
            a => a.StatusCode != 404 || a.Code != "destination_not_found");

        if (lines.FirstOrDefault(l => l.StartsWith("# @name ", StringComparison.Ordinal)) is { } named)
        {
            Assert.True(answer.StatusCode < 400, $"{name}, {lines[0]}: {answer.StatusCode} {answer.Body}");
            _answers[named["# @name ".Length..]] = address == "/dev/token"
                ? JsonSerializer.SerializeToElement(new { token = tokens(JsonElement.Parse(body).GetProperty("role").GetString()!) })
                : answer.Json;
        }

        return (lines[0], answer.StatusCode, answer.Body);
    }

    private string Fill(string text) => Variable().Replace(text, match => Value(match.Groups[1].Value));

    private string Value(string variable)
    {
        if (variable == "host")
        {
            return "";
        }

        if (Instant().Match(variable) is { Success: true } instant)
        {
            var count = instant.Groups[2].Success ? int.Parse(instant.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
            var at = instant.Groups[3].Value == "M" ? now.AddMonths(count) : now.AddDays(count);
            return at.ToString(instant.Groups[1].Value switch
            {
                "iso8601" => "yyyy-MM-ddTHH:mm:ssZ",
                "'YYYY-MM-DD'" => "yyyy-MM-dd",
                _ => "yyyy-MM",
            }, CultureInfo.InvariantCulture);
        }

        var parts = variable.Split(".response.body.");
        Assert.True(parts.Length == 2 && _answers.ContainsKey(parts[0]), $"{name}: {variable} names no request before it.");
        return Step().Matches(parts[1]).Aggregate(_answers[parts[0]], (at, step) => step.Groups[2].Success
            ? at.GetProperty(step.Groups[1].Value)[int.Parse(step.Groups[2].Value, CultureInfo.InvariantCulture)]
            : at.GetProperty(step.Groups[1].Value)).ToString();
    }

    [GeneratedRegex("^###", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex("^(GET|POST|DELETE) ")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"\{\{(.*?)\}\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\$datetime (\S+)(?: (-?\d+) ([dM]))?$")]
    private static partial Regex Instant();

    [GeneratedRegex(@"(\w+)(?:\[(\d+)\])?")]
    private static partial Regex Step();
}
