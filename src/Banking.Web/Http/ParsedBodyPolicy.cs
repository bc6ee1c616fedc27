using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.CodeGeneration.Model;
using JasperFx.Core.Reflection;
using Wolverine.Http;

namespace Banking.Web.Http;

/// <summary>
/// Gives endpoints the body that <see cref="StrictBody"/> has parsed. Without it Wolverine's adapters would read and parse the body again.
/// </summary>
public sealed class ParsedBodyPolicy : IHttpPolicy
{
    public void Apply(IReadOnlyList<HttpChain> chains, GenerationRules rules, IServiceContainer container)
    {
        foreach (var chain in chains)
        {
            var arguments = chain.Method.Arguments;
            for (var i = 0; i < arguments.Length; i++)
            {
                // The frame that makes the argument is Wolverine's reader of the body.
                if (arguments[i] is { Creator: { } reader, VariableType: var type } && type == chain.RequestType)
                {
                    chain.Middleware.Remove(reader);
                    arguments[i] = new Variable(
                        type, $"{typeof(StrictBody).FullNameInCode()}.{nameof(StrictBody.Body)}<{type.FullNameInCode()}>(httpContext)");
                }
            }
        }
    }
}
