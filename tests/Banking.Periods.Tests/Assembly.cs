using Banking.Testing;

[assembly: AssemblyFixture(typeof(StopCluster))]
