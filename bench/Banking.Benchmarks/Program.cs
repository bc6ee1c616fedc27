using Banking.Benchmarks;
using Banking.Benchmarks.Documented;

return args switch
{
    ["documented-host", var mode, var connectionString, var address] => await DocumentedHost.RunAsync(mode, connectionString, address),
    _ => await Suite.RunAsync(Options.Read(args)),
};
