"""A whole house whose files are in a bucket."""

import json
from pathlib import Path

import pytest

from kernel.errors import ConfigurationError, Unavailable
from tests.houses import CITIZEN_NAME, food_order, house_settings, opened
from tests.kernel.blobs.s3_server import BUCKET, REGION, s3_server
from xinyin.chores import do_chores


async def test_a_house_issues_into_a_bucket_and_reads_from_it(tmp_path: Path) -> None:
    with s3_server() as server:
        bucket = {
            "blob_url": f"s3://{BUCKET}/vault?endpoint={server.endpoint}&region={REGION}",
            "blob_access_key": server.access_key,
            "blob_secret_key": server.secret_key,
        }
        async with opened(tmp_path, **bucket) as world:
            vault, blobs = world.house.licence_vault, world.house.foundation.blobs
            made = await vault.issuing.issue(food_order(), world.requester("one"))
            orphan = await blobs.put(b"nobody names it")
            kept = [reference async for reference, _ in blobs.references()]
            assert len(kept) == 3
            for reference in kept:
                assert CITIZEN_NAME.encode() not in await blobs.get(reference)
            world.clock.advance(hours=2)
            await do_chores(world.house)
            assert not await blobs.exists(orphan)
            licence = await vault.lookup.find_by_id(made.id)
            assert licence is not None
            assert (await vault.lookup.file(licence, "pdf")).startswith(b"%PDF")
            assert server.secret_key not in repr(world.house.foundation) + json.dumps(repr(world.house.settings))
        assert not (tmp_path / "blobs").exists()
    async with opened(tmp_path, **bucket) as world:  # the bucket is away: what needs it says so, the rest goes on
        licence = await world.house.licence_vault.lookup.find_by_id(made.id)
        assert licence is not None
        with pytest.raises(Unavailable):
            await world.house.foundation.blobs.ping()


@pytest.mark.parametrize("endpoint", ["http://s3.example", "http%3A%2F%2Fs3.example"])
def test_a_bucket_in_production_is_reached_over_tls(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint must begin with https") as refusal:
        house_settings(
            tmp_path, mode="production", blob_url=f"s3://licences/x?endpoint={endpoint}&region=r",
            blob_access_key="who", blob_secret_key="a-secret",
        )  # fmt: skip
    assert "a-secret" not in str(refusal.value)
