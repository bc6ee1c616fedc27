using System.Reflection;
using System.Runtime.CompilerServices;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.Customers.Features;

namespace Banking.Customers.Tests;

public sealed class CustomerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 17, 15, 0, 0, TimeSpan.Zero);
    private static readonly Guid Id = new("01930000-0000-7000-8000-00000000000c");
    private static readonly Guid EventId = new("01930000-0000-7000-8000-0000000000e1");
    private static readonly SealedData Personal = new(SealedData.AesGcm256, "c2VhbGVk");
    private static readonly StoredKey Key = new(Id, "d3JhcHBlZA==", "ring");

    public static TheoryData<object> WithPersonalData =>
        [
            new RegisterCustomer("key", "Ada Lovelace", "ada@example.org", "0123456789"),
            new RegisterCustomerRequest("Ada Lovelace", "ada@example.org", "0123456789"),
            new PersonalData("Ada Lovelace", "ada@example.org", "0123456789", new Dictionary<string, string> { ["born"] = "1815" }),
            new CustomerHistory(
                Id, "7", "Ada Lovelace", new Dictionary<string, string> { ["born"] = "1815" }, new("berka", "client.asc", 2, "1")),
            new CustomerView("cus_1", "Ada Lovelace", "ada@example.org", "0123456789", null, false, Now, null, 1),
        ];

    [Fact]
    public void A_registration_stores_its_event_and_its_key_together()
    {
        var accepted = Assert.IsType<Decision.Accepted>(RegisterCustomerHandler.Decide(Id, Personal, Key, EventId, Now));

        Assert.Equal([new(Id, EventId, new CustomerRegistered(Personal, Now))], accepted.Events);
        Assert.Equal([Key], accepted.Documents);
    }

    [Fact]
    public void The_fold_of_a_registration_is_a_customer_at_version_1() => Assert.Equal(
        new Customer(Id, 1, Now, Personal, Now.AddDays(-9), "7"),
        Customer.Fold(null, Id, new CustomerRegistered(Personal, Now.AddDays(-9), "7", new("berka", "client.asc", 2, "1")), Now));

    [Fact]
    public void The_fold_throws_unless_the_registration_is_the_first_and_only_one()
    {
        var registered = new CustomerRegistered(Personal, Now);
        var customer = Customer.Fold(null, Id, registered, Now);

        Assert.Throws<InvalidOperationException>(() => Customer.Fold(customer, Id, registered, Now));
        Assert.Throws<InvalidOperationException>(() => Customer.Fold(null, Id, "something else", Now));
    }

    [Theory]
    [MemberData(nameof(WithPersonalData))]
    public void Records_with_personal_data_do_not_print_it(object value)
    {
        var printed = value.ToString()!;

        Assert.All(["Ada", "Lovelace", "example.org", "0123456789", "1815"], secret =>
            Assert.DoesNotContain(secret, printed, StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_does_not_print_itself() => Assert.DoesNotContain(Key.Wrapped!, Key.ToString(), StringComparison.Ordinal);

    /// <summary>The ToString that the compiler generates for a record prints every member.</summary>
    [Fact]
    public void Every_record_with_personal_data_has_a_ToString_of_its_own()
    {
        Type[] known = [.. new[] { typeof(CustomersModule), typeof(RegisterCustomer) }.SelectMany(t => t.Assembly.GetTypes())
            .Where(t => t.GetProperties().Any(p => p.Name is "Name" or "Email" or "Phone" or "Details" or "Key"))
            // Without the records that the compiler generates for the OpenAPI document.
            .Where(t => t.GetMethod("<Clone>$") is not null && t.Namespace!.StartsWith("Banking.", StringComparison.Ordinal))];

        Assert.Contains(typeof(PersonalData), known);
        Assert.DoesNotContain(known, t => t.GetMethod(nameof(ToString), [])!.GetCustomAttribute<CompilerGeneratedAttribute>() is not null);
    }

    [Theory]
    [InlineData("", null, null, "#/name")]
    [InlineData("Ada\nLovelace", null, null, "#/name")]
    [InlineData("Ada", "ada", null, "#/email")]
    [InlineData("Ada", "ada@ example.org", null, "#/email")]
    [InlineData("Ada", null, " ", "#/phone")]
    public void Invalid_personal_data_is_refused_without_repeating_it(string name, string? email, string? phone, string pointer)
    {
        var refusal = RegisterCustomerHandler.Shape.Check(new("key", name, email, phone));

        Assert.Equal(("invalid_text", 422, pointer), (refusal!.Code, HttpStatus.Of(refusal.Kind), refusal.Pointer));
        Assert.Empty(refusal.Facts);
    }
}
