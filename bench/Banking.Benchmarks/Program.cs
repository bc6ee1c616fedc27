using Banking.Benchmarks;
using Banking.Benchmarks.Documented;

return args switch
{
    ["documented-host", var connectionString, var address] => await DocumentedHost.RunAsync(connectionString, address),
    _ => await Suite.RunAsync(Options.Read(args)),
};
