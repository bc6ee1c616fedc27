using ClientGenerator;

if (args is not [var document, var target])
{
    Console.Error.WriteLine("Usage: ClientGenerator DOCUMENT TARGET. Writes a C# client of an OpenAPI document.");
    return 2;
}

await File.WriteAllTextAsync(target, await CSharpClient.GenerateAsync(await File.ReadAllTextAsync(document)));
return 0;
