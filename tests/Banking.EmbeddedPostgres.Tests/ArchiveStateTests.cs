using System.Text.Json.Nodes;
using Banking.EmbeddedPostgres.Backups;

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>The file that says whose log an archive has is read strictly: a damaged one is refused in a sentence that names it.</summary>
public sealed class ArchiveStateTests : IDisposable
{
    private const string Valid =
        """
        {"systemIdentifier":"7","timeline":1,"segmentBytes":16777216,"owner":"o","end":"0/3000000",
        "endAt":"2026-12-01T00:00:00+00:00","lastPosition":7}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("banking-archive-state-");

    public static TheoryData<string> Members =>
        ["systemIdentifier", "timeline", "segmentBytes", "owner", "end", "endAt", "lastPosition"];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_state_is_read()
    {
        Assert.Equal(7, Read(Valid).LastPosition);
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void A_state_without_a_member_is_refused(string member)
    {
        var without = JsonNode.Parse(Valid)!.AsObject();
        without.Remove(member);
        AssertRefused(without);

        var withNull = JsonNode.Parse(Valid)!.AsObject();
        withNull[member] = null;
        AssertRefused(withNull);
    }

    [Theory]
    [InlineData("segmentBytes", "0")]
    [InlineData("segmentBytes", "-16777216")]
    [InlineData("segmentBytes", "16777217")]
    [InlineData("segmentBytes", "4294967296")]
    [InlineData("end", "\"x\"")]
    [InlineData("end", "\"\"")]
    public void A_state_that_cannot_be_is_refused(string member, string value)
    {
        var state = JsonNode.Parse(Valid)!.AsObject();
        state[member] = JsonNode.Parse(value);

        AssertRefused(state);
    }

    private void AssertRefused(JsonObject state)
    {
        var refused = Assert.Throws<BackupException>(() => Read(state.ToJsonString()));

        Assert.Contains("archive.json cannot be read", refused.Message, StringComparison.Ordinal);
    }

    private ArchiveState Read(string state)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "archive.json"), state);
        return ArchiveFolder.Find(_folder.FullName).ReadState();
    }
}
