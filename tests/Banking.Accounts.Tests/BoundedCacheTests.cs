using Banking.EventStore.Storage;

namespace Banking.Accounts.Tests;

/// <summary>A full cache evicts entries one by one, and keeps those in use.</summary>
public sealed class BoundedCacheTests
{
    [Fact]
    public void A_full_cache_evicts_one_entry_for_each_new_one()
    {
        var cache = new BoundedCache<int, string>(100);
        foreach (var i in Enumerable.Range(0, 1_000))
        {
            cache.Set(i, $"{i}");
        }

        Assert.Equal(100, cache.Count);
        Assert.True(cache.TryGet(999, out var last) && last == "999");
        Assert.False(cache.TryGet(0, out _));
    }

    [Fact]
    public void An_entry_that_is_used_stays_and_shows_its_newest_value()
    {
        var cache = new BoundedCache<int, int>(100);
        cache.Set(-1, 0);
        foreach (var i in Enumerable.Range(0, 1_000))
        {
            cache.Set(i, i);
            cache.Set(-1, i);
            Assert.True(cache.TryGet(-1, out var newest) && newest == i);
        }
    }

    [Fact]
    public void Removed_entries_make_room_and_come_back()
    {
        var cache = new BoundedCache<int, int>(10);
        foreach (var i in Enumerable.Range(0, 1_000))
        {
            cache.Set(i % 7, i);
            cache.Remove(i % 5);
        }

        Assert.InRange(cache.Count, 0, 7);
        cache.Clear();
        cache.Set(1, 2);
        Assert.Equal((1, true), (cache.Count, cache.TryGet(1, out _)));
    }

    [Fact]
    public async Task Concurrent_writers_never_exceed_the_size()
    {
        var cache = new BoundedCache<int, int>(64);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                cache.Set(((i * 31) + writer) % 500, i);
                cache.TryGet(i % 500, out _);
            }
        })));

        Assert.InRange(cache.Count, 1, 64);
    }
}
