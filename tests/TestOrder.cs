using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Banking.Testing.Order;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(TestOrder))]
[assembly: TestClassOrderer(typeof(TestOrder))]
[assembly: TestMethodOrderer(typeof(TestOrder))]
[assembly: TestCaseOrderer(typeof(TestOrder))]

namespace Banking.Testing.Order;

/// <summary>
/// Orders tests by a seed, the number in <c>BANKING_TEST_ORDER</c> (default 0): one seed gives the same order on every machine. The order
/// of the test framework depends on the folder of the clone: a test that needs another test to run first would fail in some clones only.
/// <c>eng/test-orders</c> runs all tests in several orders.
/// </summary>
internal sealed class TestOrder : ITestCollectionOrderer, ITestClassOrderer, ITestMethodOrderer, ITestCaseOrderer
{
    private static readonly int Seed = int.Parse(
        Environment.GetEnvironmentVariable("BANKING_TEST_ORDER") ?? "0", NumberStyles.None, CultureInfo.InvariantCulture);

    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections)
        where T : ITestCollection => Shuffle(testCollections, collection => WithoutId(collection.TestCollectionDisplayName));

    public IReadOnlyCollection<T?> OrderTestClasses<T>(IReadOnlyCollection<T?> testClasses)
        where T : notnull, ITestClass => Shuffle(testClasses, type => type?.TestClassName);

    public IReadOnlyCollection<T?> OrderTestMethods<T>(IReadOnlyCollection<T?> testMethods)
        where T : notnull, ITestMethod => Shuffle(testMethods, method => method?.MethodName);

    public IReadOnlyCollection<T> OrderTestCases<T>(IReadOnlyCollection<T> testCases)
        where T : notnull, ITestCase => Shuffle(testCases, test => test.TestCaseDisplayName);

    /// <summary>The framework derives the id in the display name of a collection from the path of the assembly.</summary>
    private static string WithoutId(string name) => name.Split(" (id: ")[0];

    private static List<T> Shuffle<T>(IEnumerable<T> tests, Func<T, string?> name) =>
        [.. tests.OrderBy(test => ComputeSortKey(Seed, name(test) ?? ""), StringComparer.Ordinal)];

    /// <summary>A hash of seed and name: the orders of two seeds are unrelated.</summary>
    private static string ComputeSortKey(int seed, string name) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}/{name}"))));
}
