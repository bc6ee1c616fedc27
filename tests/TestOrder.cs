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
/// The order of tests: the same on every machine, and another one for each number in <c>BANKING_TEST_ORDER</c> (0 where it is not set).
/// The framework's own order depends on the folder of the clone, so that a test which needs another one to run first fails in some clones
/// only. <c>eng/test-orders</c> runs all tests in several orders.
/// </summary>
internal sealed class TestOrder : ITestCollectionOrderer, ITestClassOrderer, ITestMethodOrderer, ITestCaseOrderer
{
    private static readonly int Seed = int.Parse(
        Environment.GetEnvironmentVariable("BANKING_TEST_ORDER") ?? "0", NumberStyles.None, CultureInfo.InvariantCulture);

    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections)
        where T : ITestCollection => Shuffled(testCollections, collection => WithoutId(collection.TestCollectionDisplayName));

    public IReadOnlyCollection<T?> OrderTestClasses<T>(IReadOnlyCollection<T?> testClasses)
        where T : notnull, ITestClass => Shuffled(testClasses, type => type?.TestClassName);

    public IReadOnlyCollection<T?> OrderTestMethods<T>(IReadOnlyCollection<T?> testMethods)
        where T : notnull, ITestMethod => Shuffled(testMethods, method => method?.MethodName);

    public IReadOnlyCollection<T> OrderTestCases<T>(IReadOnlyCollection<T> testCases)
        where T : notnull, ITestCase => Shuffled(testCases, test => test.TestCaseDisplayName);

    /// <summary>The id in the name of a class's collection is made from the path of the assembly.</summary>
    private static string WithoutId(string name) => name.Split(" (id: ")[0];

    private static List<T> Shuffled<T>(IEnumerable<T> tests, Func<T, string?> name) =>
        [.. tests.OrderBy(test => Place(Seed, name(test) ?? ""), StringComparer.Ordinal)];

    /// <summary>A hash of number and name: what comes first under one number says nothing about another.</summary>
    private static string Place(int seed, string name) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}/{name}"))));
}
