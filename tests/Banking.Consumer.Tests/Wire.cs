using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banking.Consumer.Tests;

/// <summary>Events as the bank publishes them.</summary>
internal static class Wire
{
    public const string Account = "acc_0000000000000000000000000000000a";

    public static byte[] Bytes(this JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    /// <summary>Creates an event of an account with a position and data.</summary>
    public static JsonObject Event(
        string type,
        object? data = null,
        int? version = 2,
        int? previous = 1,
        string account = Account,
        string? id = null,
        int position = 17)
    {
        var json = new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = id ?? $"evt_{position:x32}",
            ["source"] = "/banking",
            ["type"] = type,
            ["subject"] = account,
            ["time"] = "2026-11-17T15:00:00+00:00",
            ["datacontenttype"] = "application/json",
            ["dataschema"] = $"https://bank.example/contracts/{type}.json",
            ["partitionkey"] = account,
            ["globalposition"] = $"{position}",
            ["data"] = JsonNode.Parse(JsonSerializer.Serialize(data ?? new { })),
        };
        if (version is { } v)
        {
            json["streamversion"] = v;
        }

        if (previous is { } p)
        {
            json["previousversion"] = p;
        }

        return json;
    }

    public static object Amount(string value, string currency = "EUR") => new { amount = new { value, currency } };

    public static JsonObject Opened(string account = Account, int position = 1) => Event(
        "banking.account.account-opened.v1",
        new { customerId = "cus_1", product = "current", overdraftLimit = new { value = "100.00", currency = "EUR" } },
        1,
        null,
        account,
        position: position);

    public static JsonObject Deposited(string value, int version, string account = Account, int position = 17) =>
        Event("banking.account.money-deposited.v1", Amount(value), version, version - 1, account, position: position);
}
