"""Every use of a key is counted and logged, whichever process uses it, even one that is killed."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from kernel.crypto.custody.counting import CountedKeyStore, KeyUses, key_fingerprint
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.custody.opening import open_keystore
from kernel.errors import Unavailable

MASTER = bytes(32)

SIGN = """
import os, signal, sys
from pathlib import Path
from kernel.crypto.custody.opening import open_keystore
key = open_keystore(f"file:{sys.argv[1]}/keys", [bytes(32)], state=Path(sys.argv[1]) / "state").open("seal.1")
for number in range(int(sys.argv[2])):
    key.sign(b"licence")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_uses_are_counted_over_threads_and_processes_that_are_killed(tmp_path):
    store = open_keystore(f"file:{tmp_path}/keys", [MASTER], state=tmp_path / "state")
    key = store.generate("seal.1", "ES256")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: key.sign(b"licence"), range(80)))
    others = [subprocess.Popen([sys.executable, "-c", SIGN, str(tmp_path), "50"], stdout=-3) for _ in range(2)]
    assert [other.wait(60) for other in others] == [-signal.SIGKILL] * 2
    (use,) = KeyUses(tmp_path / "state").totals()
    assert (use.key, use.name, use.algorithm, use.uses) == (key_fingerprint(key.public_spki), "seal.1", "ES256", 180)
    assert datetime.now(UTC) - use.last_used_at < timedelta(minutes=1)


def test_another_key_of_the_same_name_has_its_own_count(tmp_path):
    store = open_keystore(f"file:{tmp_path}/keys", [MASTER], state=tmp_path / "state")
    for uses in (2, 3):
        key = store.generate("seal.1", "ES256")
        for _ in range(uses):
            key.sign(b"licence")
        store.destroy("seal.1")
    assert sorted(use.uses for use in KeyUses(tmp_path / "state").totals()) == [2, 3]


def test_days_are_added_up(tmp_path):
    now = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    days = iter([now, now + timedelta(minutes=2), now + timedelta(days=30)])
    store = CountedKeyStore(FileKeyStore(tmp_path / "keys", MASTER), KeyUses(tmp_path / "state", lambda: next(days)))
    key = store.generate("seal.1", "ES256")
    for _ in range(3):
        key.sign(b"licence")
    (use,) = KeyUses(tmp_path / "state").totals()
    assert (use.uses, use.last_used_at) == (3, now + timedelta(days=30))


def test_a_use_that_cannot_be_written_down_does_not_happen(tmp_path):
    (tmp_path / "state").write_text("not a folder")
    store = open_keystore(f"file:{tmp_path}/keys", [MASTER], state=tmp_path / "state")
    key = store.generate("seal.1", "ES256")
    with pytest.raises(Unavailable, match="cannot be written down"):
        key.sign(b"licence")


def test_a_use_is_logged_with_the_digest_of_what_was_signed_and_nothing_of_it(tmp_path):
    store = open_keystore(f"file:{tmp_path}/keys", [MASTER], state=tmp_path / "state")
    with structlog.testing.capture_logs() as events:
        store.generate("seal.1", "SM2-SM3").sign(b"abc")
        store.destroy("seal.1")
    assert [event["event"] for event in events] == ["key made", "key used", "key destroyed"]
    assert events[1]["digest"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert "abc'" not in repr(events)


def test_a_machine_that_used_nothing_has_no_counts(tmp_path):
    assert KeyUses(tmp_path / "nowhere").totals() == []
    assert not (tmp_path / "nowhere").exists()


def test_counts_are_nobody_else_s(tmp_path):
    open_keystore(f"file:{tmp_path}/keys", [MASTER], state=tmp_path / "state").generate("a", "ES256").sign(b"")
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert os.stat(tmp_path / "state" / "key-uses.db").st_mode & 0o077 == 0
