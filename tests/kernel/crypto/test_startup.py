"""Before serving: the master key is there and private, and the algorithms answer right."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.crypto.backend import libcrypto
from kernel.crypto.envelope import MasterKeys
from kernel.crypto.startup.master_key import load_or_create_master_key, load_or_create_master_keys
from kernel.crypto.startup.selftest import run_self_tests
from kernel.errors import ConfigurationError


def test_the_master_key_is_made_once_and_kept(tmp_path):
    path = tmp_path / "secrets" / "master.key"
    key = load_or_create_master_key(path)
    assert len(key) == 32
    assert load_or_create_master_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_processes_that_start_at_once_agree(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_create_master_key, [tmp_path / "master.key"] * 16))
    assert len(keys) == 1


def test_earlier_keys_follow_the_current_one(tmp_path):
    current, earlier = os.urandom(32), os.urandom(32)
    path = tmp_path / "master.key"
    path.write_text(f"{current.hex()}\n{earlier.hex()}\n")
    path.chmod(0o400)
    assert load_or_create_master_keys(path) == MasterKeys(current, (earlier,), lasting=earlier)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o601])
def test_a_master_key_others_can_reach_is_refused(tmp_path, mode):
    path = tmp_path / "master.key"
    load_or_create_master_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=r"master\.key"):
        load_or_create_master_key(path)


@pytest.mark.parametrize("content", ["", "xyz\n", "00\n", "0" * 64 + "\n00\n"])
def test_a_damaged_master_key_is_refused_not_replaced(tmp_path, content):
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError):
        load_or_create_master_key(path)
    assert path.read_text() == content


def test_the_self_tests_pass_here():
    run_self_tests()


def test_a_wrong_sm3_stops_the_start(monkeypatch):
    monkeypatch.setattr("kernel.crypto.startup.selftest.sm3", lambda data: bytes(32))
    with pytest.raises(ConfigurationError, match="SM3"):
        run_self_tests()


def test_a_verifier_that_accepts_everything_stops_the_start(monkeypatch):
    monkeypatch.setattr("kernel.crypto.sm2._verify", lambda *arguments: None)
    with pytest.raises(ConfigurationError, match="SM2"):
        run_self_tests()


def test_without_sm2_in_openssl_the_remedy_is_named_and_verifying_goes_on(monkeypatch):
    monkeypatch.setattr(libcrypto, "_candidates", lambda: ["libno-such-crypto.so.3"])
    libcrypto.load_libcrypto.cache_clear()
    libcrypto.sm2_is_available.cache_clear()
    try:
        with pytest.raises(ConfigurationError, match="libssl3"):
            run_self_tests()
        run_self_tests(signing=False)
    finally:
        monkeypatch.undo()
        libcrypto.load_libcrypto.cache_clear()
        libcrypto.sm2_is_available.cache_clear()
