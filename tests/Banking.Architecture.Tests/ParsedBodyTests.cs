using Banking.Web.Http;
using Mono.Cecil;
using Wolverine.Http;

namespace Banking.Architecture.Tests;

/// <summary>A body is parsed once: endpoints get what the strict reader has parsed.</summary>
public sealed class ParsedBodyTests
{
    [Fact]
    public void No_adapter_reads_a_body_again()
    {
        using var adapters = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, "Banking.Host.Adapters.dll"));
        var called = adapters.GetMemberReferences().Select(m => $"{m.DeclaringType.Name}.{m.Name}").ToHashSet();

        Assert.Contains($"{nameof(StrictBody)}.{nameof(StrictBody.Body)}", called);
        Assert.DoesNotContain($"{nameof(HttpHandler)}.{nameof(HttpHandler.ReadJsonAsync)}", called);
    }
}
