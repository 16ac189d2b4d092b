"""One suite for every ephemeral store: in-process and a real Redis."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.redis import RedisStore
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import ConfigurationError, Unavailable


async def test_what_was_put_is_got(any_store: EphemeralStore) -> None:
    await any_store.put("k", b"\x00value\xff", 60)
    assert await any_store.get("k") == b"\x00value\xff"


async def test_an_unknown_key_holds_nothing(any_store: EphemeralStore) -> None:
    assert await any_store.get("unknown") is None
    assert await any_store.take("unknown") is None
    await any_store.delete("unknown")


async def test_an_entry_ends(any_store: EphemeralStore) -> None:
    await any_store.put("short", b"1", 1)
    await asyncio.sleep(1.2)
    assert await any_store.get("short") is None
    assert await any_store.add("short", b"2", 60)


async def test_add_lets_one_caller_win(any_store: EphemeralStore) -> None:
    won = await asyncio.gather(*(any_store.add("lease", str(n).encode(), 60) for n in range(20)))
    assert sorted(won) == [False] * 19 + [True]


async def test_take_gives_the_value_to_one_caller(any_store: EphemeralStore) -> None:
    await any_store.put("code", b"once", 60)
    taken = await asyncio.gather(*(any_store.take("code") for _ in range(20)))
    assert [value for value in taken if value is not None] == [b"once"]


async def test_put_replaces_value_and_end(any_store: EphemeralStore) -> None:
    await any_store.put("k", b"old", 1)
    await any_store.put("k", b"new", 60)
    await asyncio.sleep(1.2)
    assert await any_store.get("k") == b"new"


async def test_increment_counts_and_ends_with_the_first_count(any_store: EphemeralStore) -> None:
    counts = await asyncio.gather(*(any_store.increment("tries", 1) for _ in range(5)))
    assert sorted(counts) == [1, 2, 3, 4, 5]
    await asyncio.sleep(1.2)
    assert await any_store.increment("tries", 1) == 1


async def test_delete_forgets(any_store: EphemeralStore) -> None:
    await any_store.put("k", b"v", 60)
    await any_store.delete("k")
    assert await any_store.get("k") is None


async def test_a_redis_that_is_away_is_named_unavailable(spare_port: int) -> None:
    store = RedisStore(f"redis://127.0.0.1:{spare_port}/0")
    with pytest.raises(Unavailable):
        await store.get("k")
    await store.close()


def test_an_address_that_is_not_redis_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="XINYIN_REDIS_URL"):
        RedisStore("http://example.invalid")


@given(st.lists(st.tuples(st.sampled_from(["put", "add", "take", "delete"]), st.sampled_from("ab"), st.binary())))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_the_in_process_store_behaves_like_a_dictionary(steps: list[tuple[str, str, bytes]]) -> None:
    async def run() -> None:
        store, model = InProcessStore(), dict[str, bytes]()
        for step, key, value in steps:
            if step == "put":
                await store.put(key, value, 60)
                model[key] = value
            elif step == "add":
                assert await store.add(key, value, 60) is (key not in model)
                model.setdefault(key, value)
            elif step == "take":
                assert await store.take(key) == model.pop(key, None)
            else:
                await store.delete(key)
                model.pop(key, None)
        for key in "ab":
            assert await store.get(key) == model.get(key)

    asyncio.run(run())


async def test_pace_lets_a_burst_through_and_then_one_at_a_time(any_store: EphemeralStore) -> None:
    first = [await any_store.pace("asks", 500, 1500) for _each in range(3)]
    wait = await any_store.pace("asks", 500, 1500)

    assert first == [0, 0, 0]
    assert 0 < wait <= 500
    assert await any_store.pace("others", 500, 1500) == 0
    await asyncio.sleep(wait / 1000 + 0.05)
    assert await any_store.pace("asks", 500, 1500) == 0


async def test_pace_counts_once_for_all_who_ask_at_once(any_store: EphemeralStore) -> None:
    waits = await asyncio.gather(*(any_store.pace("asks", 60_000, 300_000) for _each in range(20)))

    assert (waits.count(0), min(waits)) == (5, 0)
