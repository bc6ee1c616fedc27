using Banking.Accounts.Contracts;
using Banking.Migration.Berka;

namespace Banking.Migration.Tests;

public sealed class WordTests
{
    [Theory]
    [InlineData("VKLAD", "", "cash-in", null, BankSide.Cash)]
    [InlineData("VYBER", "", "cash-out", null, BankSide.Cash)]
    [InlineData("VYBER", "SIPO", "cash-out", "household", BankSide.Cash)]
    [InlineData("VYBER", "SLUZBY", "cash-out", "statement-fee", BankSide.Fees)]
    [InlineData("VYBER", "SANKC. UROK", "cash-out", "penalty-interest", BankSide.Interest)]
    [InlineData("", "UROK", null, "interest", BankSide.Interest)]
    [InlineData("PREVOD Z UCTU", "DUCHOD", "transfer-in", "pension", BankSide.Settlement)]
    [InlineData("PREVOD NA UCET", "POJISTNE", "transfer-out", "insurance", BankSide.Settlement)]
    [InlineData("PREVOD NA UCET", "UVER", "transfer-out", "loan", BankSide.Settlement)]
    [InlineData("VYBER KARTOU", " ", "card", null, BankSide.Settlement)]
    [InlineData("", "", null, null, BankSide.Suspense)]
    [InlineData("", "SIPO", null, "household", BankSide.Suspense)]
    public void The_words_of_a_row_give_operation_purpose_and_bank_side(
        string operationWord, string purposeWord, string? operation, string? purpose, BankSide side)
    {
        Assert.True(BerkaWords.TryTranslateOperation(operationWord, out var foundOperation));
        Assert.True(BerkaWords.TryTranslatePurpose(purposeWord, out var foundPurpose));
        Assert.Equal((operation, purpose), (foundOperation, foundPurpose));
        Assert.Equal(side, BerkaWords.ChooseBankSide(foundOperation, foundPurpose));
    }

    [Theory]
    [InlineData("PRIJEM", Direction.Credit)]
    [InlineData("VYDAJ", Direction.Debit)]
    [InlineData("VYBER", Direction.Debit)]
    [InlineData("", null)]
    [InlineData("vydaj", null)]
    public void The_type_gives_the_direction(string word, Direction? direction) =>
        Assert.Equal(direction, BerkaWords.TranslateDirection(word));

    [Theory]
    [InlineData("vklad")]
    [InlineData("VKLAD ")]
    [InlineData("UROK")]
    public void Words_with_another_spelling_are_refused(string word) => Assert.False(BerkaWords.TryTranslateOperation(word, out _));
}
