using System.Reflection;

namespace Banking.Host.Generated;

/// <summary>
/// Wolverine's adapters to the handlers and endpoints of all modules, compiled with the rest so that no compiler runs when the host starts.
/// An assembly of its own: the host may know no more of a module than its front door, and these call what is behind it.
/// Written by <c>dotnet run --project src/Banking.Host -p:GeneratedCode=false -- codegen</c>, after every change to a handler or an endpoint.
/// </summary>
public static class GeneratedCode
{
    public static Assembly Assembly { get; } = typeof(GeneratedCode).Assembly;
}
