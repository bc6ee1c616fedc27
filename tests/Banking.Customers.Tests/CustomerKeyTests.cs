using System.Security.Cryptography;
using System.Text;
using Banking.Customers.Domain;
using CsCheck;

namespace Banking.Customers.Tests;

/// <summary>What is sealed opens with its key for its customer, unchanged, and not otherwise.</summary>
public sealed class CustomerKeyTests
{
    private static readonly Guid Id = new("01930000-0000-7000-8000-00000000000c");
    private static readonly CustomerKey Key = new(Id, Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    private static readonly PersonalData Ada = new(
        "Ada Lovelace", "ada@example.org", "+44 20 7946 0000", new Dictionary<string, string> { ["born"] = "1815" });

    private static readonly Gen<string> Text = Gen.OneOf<int>(Gen.Int[0, 0xD7FF], Gen.Int[0xE000, 0x10FFFF])
        .Array[0, 40]
        .Select(scalars => string.Concat(scalars.Select(s => new Rune(s).ToString())));

    private static readonly Gen<PersonalData> People = Gen.Select(
        Text,
        Text.Null(),
        Text.Null(),
        Gen.Dictionary(Text, Text)[0, 4].Null(),
        (name, email, phone, details) => new PersonalData(name, email, phone, details));

    [Fact]
    public void What_was_sealed_is_what_is_opened() => People.Sample(person =>
    {
        var opened = Key.Open(Key.Seal(person));
        Assert.Equal(person with { Details = opened.Details }, opened);
        Assert.Equal(person.Details, opened.Details);
    });

    [Fact]
    public void A_change_of_any_bit_is_noticed() =>
        Gen.Select(People, Gen.Int[0, int.MaxValue], Gen.Int[0, 7])
            .Sample(
                (person, place, bit) =>
                {
                    var data = Key.Seal(person);
                    var bytes = Convert.FromBase64String(data.Text);
                    bytes[place % bytes.Length] ^= (byte)(1 << bit);
                    Assert.ThrowsAny<CryptographicException>(() => Key.Open(data with { Text = Convert.ToBase64String(bytes) }));
                });

    [Fact]
    public void A_text_that_was_cut_anywhere_is_noticed()
    {
        var data = Key.Seal(Ada);
        var bytes = Convert.FromBase64String(data.Text);
        Assert.All(Enumerable.Range(0, bytes.Length), length =>
            Assert.ThrowsAny<CryptographicException>(() => Key.Open(data with { Text = Convert.ToBase64String(bytes, 0, length) })));
    }

    [Fact]
    public void Another_algorithm_is_not_taken_for_this_one() =>
        Assert.Throws<CryptographicException>(() => Key.Open(Key.Seal(Ada) with { Algorithm = "AES-256-CBC" }));

    [Fact]
    public void The_key_of_another_customer_opens_nothing() =>
        Assert.ThrowsAny<CryptographicException>(() => CustomerKey.For(Id).Open(Key.Seal(Ada)));

    [Fact]
    public void The_right_key_under_the_id_of_another_customer_opens_nothing() =>
        Assert.ThrowsAny<CryptographicException>(() => (Key with { Id = new("01930000-0000-7000-8000-00000000000d") }).Open(Key.Seal(Ada)));

    [Fact]
    public void The_same_person_is_never_sealed_the_same_twice() => Assert.NotEqual(Key.Seal(Ada), Key.Seal(Ada));

    [Fact]
    public void Two_keys_are_never_the_same() => Assert.NotEqual(CustomerKey.For(Id), CustomerKey.For(Id));

    [Fact]
    public void Nothing_of_the_person_is_readable_in_what_is_sealed()
    {
        var bytes = Encoding.Latin1.GetString(Convert.FromBase64String(Key.Seal(Ada).Text));
        Assert.DoesNotContain("Ada", bytes, StringComparison.Ordinal);
        Assert.DoesNotContain("example", bytes, StringComparison.Ordinal);
    }
}
