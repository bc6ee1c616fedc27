using System.Text.Json.Nodes;
using Banking.EventStore.Epochs;
using Banking.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Banking.Publishing.Tests;

/// <summary>What a host knew of the log is read strictly: a file that is something else is ignored, and the host starts.</summary>
public sealed class EpochMemoryTests : IDisposable
{
    private static readonly Guid Log = new("01930000-0000-7000-8000-00000000000a");

    private readonly DirectoryInfo _folder = TestFolders.New("banking-epochs-");

    private string KeptFile => Path.Combine(_folder.FullName, $"{Log:N}.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_was_kept_is_recalled()
    {
        Write();

        var known = Recall();

        Assert.Equal(("1/2/3:4", Log, 7L), (known?.Place, known?.Current.Id, known?.Checkpoints[^1].Position));
    }

    [Theory]
    [InlineData("Place")]
    [InlineData("Epochs")]
    [InlineData("Checkpoints")]
    public void A_file_that_lacks_a_member_tells_nothing(string member)
    {
        Write();
        var json = JsonNode.Parse(File.ReadAllText(KeptFile))!.AsObject();

        foreach (var other in (JsonNode?[])[null, new JsonArray(), JsonValue.Create("x"), JsonValue.Create(1)])
        {
            json[member] = other;
            File.WriteAllText(KeptFile, json.ToJsonString());
            Assert.Null(Recall());
        }

        json.Remove(member);
        File.WriteAllText(KeptFile, json.ToJsonString());
        Assert.Null(Recall());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    public void A_file_that_is_something_else_tells_nothing(string text)
    {
        File.WriteAllText(KeptFile, text);

        Assert.Null(Recall());
    }

    private void Write()
    {
        var memory = new EpochMemory(new(_folder.FullName), NullLogger<EpochMemory>.Instance);
        memory.Keep(new(
            "1/2/3:4", [new(1, Log, 1, EpochCause.Created, "-/-/")], [LogCheckpoint.Beginning, new(7, Log, null)]));
    }

    private KnownLog? Recall()
    {
        var memory = new EpochMemory(new(_folder.FullName), NullLogger<EpochMemory>.Instance);
        memory.Recall(Log);
        return memory.Known;
    }
}
