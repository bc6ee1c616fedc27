using Marten;

namespace Banking.ReadModels.Documents;

/// <summary>The configuration of the bank's store by all modules. A candidate of a document read model has a store with the same.</summary>
public sealed record StoreConfiguration(Action<StoreOptions> Apply);
