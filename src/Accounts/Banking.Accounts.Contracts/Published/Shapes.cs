namespace Banking.Accounts.Contracts.Published;

/// <summary>The patterns of texts in published events. They are part of the contracts: the JSON Schemas contain them.</summary>
internal static class Shapes
{
    public const string Account = "^acc_[0-9a-f]{32}$";
    public const string Customer = "^cus_[0-9a-f]{32}$";
    public const string Deposit = "^dep_[0-9a-f]{32}$";
    public const string Withdrawal = "^wdr_[0-9a-f]{32}$";
    public const string Transfer = "^trf_[0-9a-f]{32}$";
    public const string Correction = "^cor_[0-9a-f]{32}$";
    public const string Transaction = "^(dep|wdr|trf|cor)_[0-9a-f]{32}$";
    public const string FirstTransaction = "^(dep|wdr|trf)_[0-9a-f]{32}$";
    public const string Statement = "^stm_[0-9a-f]{32}$";
    public const string Refusal = "^ref_[0-9a-f]{32}$";
    public const string Event = "^evt_[0-9a-f]{32}$";
    public const string Sha256 = "^[0-9a-f]{64}$";
    public const string Unsigned = @"^[0-9]+(\.[0-9]+)?$";
    public const string Currency = "^[A-Z]{3}$";
}
