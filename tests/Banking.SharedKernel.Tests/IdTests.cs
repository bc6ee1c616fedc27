using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class IdTests
{
    private static readonly Guid Dns = Guid.Parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    private const string Hex = "0198f3a05b7c7def8123456789abcdef";
    private static readonly Guid Id = Guid.Parse(Hex);

    // This id is in appendix A of RFC 9562.
    [Fact]
    public void A_name_in_the_DNS_namespace_has_the_id_in_the_RFC() =>
        Assert.Equal(
            Guid.Parse("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
            DeterministicId.From(Dns, "www.example.com"));

    [Fact]
    public void A_name_beyond_ASCII_is_hashed_as_UTF_8() =>
        Assert.Equal(Guid.Parse("806993b4-ce4d-5c7a-88ce-73a4472fa7c7"), DeterministicId.From(Dns, "Müller €"));

    [Fact]
    public void Half_a_surrogate_pair_is_refused_as_a_name() =>
        Assert.ThrowsAny<ArgumentException>(() => DeterministicId.From(Id, "a\ud800"));

    [Fact]
    public void Every_deterministic_id_is_version_5_and_differs_by_scope_and_name() =>
        Gen.Select(Gen.Guid, Gen.String[Gen.Char[' ', '~'], 0, 40], Gen.String[Gen.Char[' ', '~'], 0, 40]).Sample((scope, name, other) =>
        {
            var id = DeterministicId.From(scope, name);
            Assert.Equal((5, true), (id.Version, id.Variant is >= 8 and <= 11));
            Assert.Equal(id, DeterministicId.From(scope, name));
            Assert.Equal(name == other, id == DeterministicId.From(scope, other));
            Assert.NotEqual(id, DeterministicId.From(id, name));
        });

    [Fact]
    public void A_public_id_is_prefix_underscore_and_hex() => Assert.Equal($"acc_{Hex}", PublicId.Format("acc", Id));

    [Fact]
    public void An_empty_id_or_prefix_is_not_written()
    {
        Assert.Throws<ArgumentException>(() => PublicId.Format("acc", Guid.Empty));
        Assert.Throws<ArgumentException>(() => PublicId.Format("", Id));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("acc_")]
    [InlineData("acc")]
    [InlineData(Hex)]
    [InlineData("_" + Hex)]
    [InlineData("trf_" + Hex)]
    [InlineData("ACC_" + Hex)]
    [InlineData("acc-" + Hex)]
    [InlineData("acc_0198F3A05B7C7DEF8123456789ABCDEF")]
    [InlineData("acc_0198f3a05b7c7def8123456789abcde")]
    [InlineData("acc_" + Hex + "0")]
    [InlineData("acc_" + Hex + "\n")]
    [InlineData(" acc_" + Hex)]
    [InlineData("acc_0198f3a0-5b7c-7def-8123-456789abcdef")]
    [InlineData("acc_0198f3a05b7c7def8123456789abcdeg")]
    [InlineData("acc_{198f3a05b7c7def8123456789abcde}")]
    [InlineData("acc_00000000000000000000000000000000")]
    public void Any_other_spelling_is_refused(string? text)
    {
        Assert.False(PublicId.TryParse("acc", text, out var id));
        Assert.Equal(Guid.Empty, id);
    }

    [Fact]
    public void A_public_id_is_parsed_with_its_own_prefix_only() =>
        Gen.Select(Gen.Guid.Where(id => id != Guid.Empty), Gen.OneOf("acc", "trf", "cus")).Sample((id, prefix) =>
        {
            var text = PublicId.Format(prefix, id);
            Assert.True(PublicId.TryParse(prefix, text, out var read));
            Assert.Equal(id, read);
            Assert.False(PublicId.TryParse("dep", text, out _));
        });

    [Fact]
    public void Any_text_gets_a_result() =>
        Gen.OneOf<string>(Gen.String, Gen.Char["0123456789abcdefA-_"].Array[30, 34].Select(c => $"acc_{new string(c)}")).Sample(text =>
            PublicId.TryParse("acc", text, out var id) == (id != Guid.Empty) && (id == Guid.Empty || PublicId.Format("acc", id) == text));
}
