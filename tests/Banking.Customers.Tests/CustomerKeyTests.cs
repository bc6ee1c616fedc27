using System.Security.Cryptography;
using System.Text;
using Banking.Customers.Domain;
using CsCheck;

namespace Banking.Customers.Tests;

/// <summary>Encrypted data is decrypted only unchanged, with its key, and for its customer.</summary>
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
    public void Decrypting_returns_the_encrypted_data() => People.Sample(person =>
    {
        var opened = Key.Open(Key.Seal(person));
        Assert.Equal(person with { Details = opened.Details }, opened);
        Assert.Equal(person.Details, opened.Details);
    });

    [Fact]
    public void A_change_of_any_bit_is_detected() =>
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
    public void A_truncated_text_is_detected()
    {
        var data = Key.Seal(Ada);
        var bytes = Convert.FromBase64String(data.Text);
        Assert.All(Enumerable.Range(0, bytes.Length), length =>
            Assert.ThrowsAny<CryptographicException>(() => Key.Open(data with { Text = Convert.ToBase64String(bytes, 0, length) })));
    }

    [Fact]
    public void Another_algorithm_is_rejected() =>
        Assert.Throws<CryptographicException>(() => Key.Open(Key.Seal(Ada) with { Algorithm = "AES-256-CBC" }));

    [Fact]
    public void The_key_of_another_customer_decrypts_nothing() =>
        Assert.ThrowsAny<CryptographicException>(() => CustomerKey.For(Id).Open(Key.Seal(Ada)));

    [Fact]
    public void The_right_key_with_the_id_of_another_customer_decrypts_nothing() =>
        Assert.ThrowsAny<CryptographicException>(() => (Key with { Id = new("01930000-0000-7000-8000-00000000000d") }).Open(Key.Seal(Ada)));

    [Fact]
    public void The_same_data_is_never_encrypted_to_the_same_text_twice() => Assert.NotEqual(Key.Seal(Ada), Key.Seal(Ada));

    [Fact]
    public void Two_keys_are_never_the_same() => Assert.NotEqual(CustomerKey.For(Id), CustomerKey.For(Id));

    [Fact]
    public void The_encrypted_text_contains_no_readable_personal_data()
    {
        var bytes = Encoding.Latin1.GetString(Convert.FromBase64String(Key.Seal(Ada).Text));
        Assert.DoesNotContain("Ada", bytes, StringComparison.Ordinal);
        Assert.DoesNotContain("example", bytes, StringComparison.Ordinal);
    }
}
