using Banking.Host.Database;

namespace Banking.Host.Tests;

/// <summary>The fingerprint that says whether a database has the schema of this version.</summary>
public sealed class SchemaFingerprintTests
{
    [Theory]
    [InlineData("create table t (\n    a int) -- why\n;")]
    [InlineData("-- why\r\ncreate  table t ( a int)\n\n;\n")]
    public void Comments_and_white_space_of_sql_do_not_count(string reworded) =>
        Assert.Equal(SchemaPart.Normalize("create table t ( a int) ;"), SchemaPart.Normalize(reworded));

    [Fact]
    public void Another_column_counts() =>
        Assert.NotEqual(SchemaPart.Normalize("create table t (a int)"), SchemaPart.Normalize("create table t (a int, b int)"));
}
