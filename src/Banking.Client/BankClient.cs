using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Client;

/// <summary>The bank's API, a method per operation. The other part is generated.</summary>
public partial class BankClient
{
    // The bank reads null as "left out" only where a member may be null.
    static partial void UpdateJsonSerializerSettings(JsonSerializerOptions settings) =>
        settings.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
}
