using Banking.SampleHistory;

if (args is not [var folder])
{
    Console.Error.WriteLine("Banking.SampleHistory FOLDER: writes the five files of samples/history there.");
    return 2;
}

Directory.CreateDirectory(folder);
var bank = SampleBank.Make();
foreach (var (name, bytes) in HistoryFiles.Of(bank))
{
    File.WriteAllBytes(Path.Combine(folder, name), bytes);
}

Console.WriteLine(
    $"{bank.Clients.Count} clients, {bank.Accounts.Count} accounts, {bank.Orders.Count} standing orders, {bank.Bookings.Count} rows in {folder}."
);
return 0;
