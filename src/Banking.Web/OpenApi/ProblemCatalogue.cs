using Banking.Commands.Receipts;
using Banking.Web.Http;

namespace Banking.Web.OpenApi;

/// <summary>All problems that the bank answers: those of every endpoint, and those that modules add.</summary>
public sealed class ProblemCatalogue
{
    private readonly Dictionary<string, ProblemType> _byCode;

    /// <exception cref="ArgumentException">A code is declared twice.</exception>
    public ProblemCatalogue(IEnumerable<BankModule> modules) =>
        _byCode = CommonProblems.All.Concat(SharedProblems.All).Concat(modules.SelectMany(m => m.Problems))
            .ToDictionary(p => p.Code, StringComparer.Ordinal);

    public IReadOnlyCollection<ProblemType> All => _byCode.Values;

    /// <exception cref="InvalidOperationException">The code is not declared.</exception>
    public ProblemType Find(string code) => _byCode.GetValueOrDefault(code)
        ?? throw new InvalidOperationException($"The problem {code} is not in the catalogue: add it to the Problems of its module.");

    /// <summary>The statuses of answers with this code.</summary>
    public static IReadOnlyList<int> Statuses(ProblemType problem)
    {
        return [.. problem.Kinds.Select(HttpStatus.Of).Distinct().Order()];
    }
}
