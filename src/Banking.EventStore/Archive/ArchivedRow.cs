using System.Collections;
using System.Data.Common;

namespace Banking.EventStore.Archive;

/// <summary>
/// A row with the data of an archived event in its first column: Marten's mappings, and so all upcasters, read data from a reader.
/// </summary>
internal sealed class ArchivedRow(ReadOnlyMemory<byte> data) : DbDataReader
{
    public override int FieldCount => 1;

    public override bool HasRows => true;

    public override bool IsClosed => false;

    public override int Depth => 0;

    public override int RecordsAffected => 0;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(0);

    public override Stream GetStream(int ordinal) => new MemoryStream(data.ToArray(), writable: false);

    public override TextReader GetTextReader(int ordinal) => new StreamReader(GetStream(ordinal));

    public override T GetFieldValue<T>(int ordinal) => (T)(object)(
        typeof(T) == typeof(Stream) ? GetStream(ordinal)
        : typeof(T) == typeof(byte[]) ? data.ToArray()
        : typeof(T) == typeof(TextReader) ? GetTextReader(ordinal)
        : GetString(ordinal));

    public override string GetString(int ordinal) => System.Text.Encoding.UTF8.GetString(data.Span);

    public override object GetValue(int ordinal) => GetString(ordinal);

    public override bool IsDBNull(int ordinal) => false;

    public override Type GetFieldType(int ordinal) => typeof(string);

    public override string GetDataTypeName(int ordinal) => "jsonb";

    public override string GetName(int ordinal) => "data";

    public override int GetOrdinal(string name) => 0;

    public override bool Read() => throw new NotSupportedException();

    public override bool NextResult() => false;

    public override int GetValues(object[] values) => throw new NotSupportedException();

    public override IEnumerator GetEnumerator() => throw new NotSupportedException();

    public override bool GetBoolean(int ordinal) => throw new NotSupportedException();

    public override byte GetByte(int ordinal) => throw new NotSupportedException();

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override char GetChar(int ordinal) => throw new NotSupportedException();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override DateTime GetDateTime(int ordinal) => throw new NotSupportedException();

    public override decimal GetDecimal(int ordinal) => throw new NotSupportedException();

    public override double GetDouble(int ordinal) => throw new NotSupportedException();

    public override float GetFloat(int ordinal) => throw new NotSupportedException();

    public override Guid GetGuid(int ordinal) => throw new NotSupportedException();

    public override short GetInt16(int ordinal) => throw new NotSupportedException();

    public override int GetInt32(int ordinal) => throw new NotSupportedException();

    public override long GetInt64(int ordinal) => throw new NotSupportedException();
}
