using System.Text;
using Banking.EventStore.Sealing;

namespace Banking.Operations.Tests;

/// <summary>The key that seals texts.</summary>
public sealed class TextKeyTests
{
    private static readonly TextKey Key = TextKey.Create();

    [Fact]
    public void A_text_is_opened_by_its_key_and_always_sealed_the_same()
    {
        foreach (var content in (string[])["", "8", "87144583", "{\"bank\":\"Národní \ud83c\udfe6\"}", new('x', 10_000)])
        {
            var plain = Encoding.UTF8.GetBytes(content);
            var text = Key.Seal("counterparty", plain);

            Assert.Equal(text, Key.Seal("counterparty", plain));
            Assert.Equal(Key.Id, TextKey.IdOf(text));
            Assert.Equal(plain, Key.Open("counterparty", text));
        }
    }

    [Fact]
    public void Another_key_or_purpose_seals_otherwise_and_opens_nothing()
    {
        var plain = "87144583"u8.ToArray();
        var (text, other) = (Key.Seal("counterparty", plain), TextKey.Create());

        Assert.NotEqual(text[Key.Id.Length..], other.Seal("counterparty", plain)[other.Id.Length..]);
        // The nonce is another one too.
        Assert.NotEqual(text[..(Key.Id.Length + 17)], Key.Seal("reference", plain)[..(Key.Id.Length + 17)]);
        Assert.Throws<DamagedTextException>(() => Key.Open("reference", text));
        Assert.Throws<DamagedTextException>(() => other.Open("counterparty", other.Id + text[Key.Id.Length..]));
    }

    [Fact]
    public void A_text_that_was_changed_is_never_opened()
    {
        var text = Key.Seal("counterparty", "87144583"u8.ToArray());
        for (var i = Key.Id.Length + 1; i < text.Length; i++)
        {
            var changed = text[..i] + (text[i] == 'A' ? 'B' : 'A') + text[(i + 1)..];
            Assert.Throws<DamagedTextException>(() => Key.Open("counterparty", changed));
        }

        foreach (var cut in (string[])[Key.Id + ".", Key.Id + ".AAAA", text[..^1], text + "AAAA", Key.Id + ".ä"])
        {
            Assert.Throws<DamagedTextException>(() => Key.Open("counterparty", cut));
        }

        Assert.Null(TextKey.IdOf("87144583"));
        Assert.Null(TextKey.IdOf(".87144583"));
    }
}
