using Banking.SampleHistory;

if (args is not [var folder])
{
    Console.Error.WriteLine("Usage: Banking.SampleHistory FOLDER. Writes the five files of samples/history to the folder.");
    return 2;
}

Directory.CreateDirectory(folder);
var bank = SampleBank.Create();
foreach (var (name, bytes) in HistoryFiles.Create(bank))
{
    File.WriteAllBytes(Path.Combine(folder, name), bytes);
}

Console.WriteLine(
    $"{bank.Clients.Count} clients, {bank.Accounts.Count} accounts, {bank.Orders.Count} standing orders, {bank.Bookings.Count} rows "
        + $"in {folder}.");
return 0;
