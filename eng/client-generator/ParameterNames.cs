using NSwag;
using NSwag.CodeGeneration;

namespace ClientGenerator;

/// <summary>Names of parameters in C#: Idempotency-Key is idempotencyKey.</summary>
internal sealed class ParameterNames : IParameterNameGenerator
{
    public string Generate(OpenApiParameter parameter, IEnumerable<OpenApiParameter> allParameters)
    {
        var words = parameter.Name.Split('-', StringSplitOptions.RemoveEmptyEntries).Where(w => w != "X").ToList();
        return string.Concat(words.Select((w, i) => (i == 0 ? char.ToLowerInvariant(w[0]) : char.ToUpperInvariant(w[0])) + w[1..]));
    }
}
