"""Keys are kept whole, private and under their names."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.public_keys import load_public_key
from kernel.errors import ConfigurationError, Conflict, IntegrityError, InvalidInput, NotFound

MASTER = os.urandom(32)


@pytest.fixture
def store(tmp_path) -> FileKeyStore:
    return FileKeyStore(tmp_path / "keys", MASTER)


@pytest.mark.parametrize("algorithm", ["SM2-SM3", "ES256", "RS256", "Ed25519"])
def test_a_key_signs_after_a_restart(store, tmp_path, algorithm):
    made = store.generate("seal.1", algorithm)
    reopened = FileKeyStore(tmp_path / "keys", MASTER).open("seal.1")
    assert reopened.algorithm == algorithm
    assert reopened.public_spki == made.public_spki
    load_public_key(made.public_spki).verify(reopened.sign(b"licence"), b"licence")


def test_files_are_private_sealed_and_nothing_is_left_over(store, tmp_path):
    store.generate("seal.1", "ES256")
    (file,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" not in file.read_bytes()  # no id-ecPublicKey: not bare PKCS#8


def test_a_taken_name_is_not_overwritten(store):
    first = store.generate("seal.1", "ES256")
    with pytest.raises(Conflict):
        store.generate("seal.1", "ES256")
    assert store.open("seal.1").public_spki == first.public_spki


def test_of_two_who_make_the_same_key_at_once_one_wins(tmp_path):
    def make(_: int) -> bytes | None:
        try:
            return FileKeyStore(tmp_path / "keys", MASTER).generate("seal.1", "ES256").public_spki
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [spki for spki in pool.map(make, range(16)) if spki]
    assert made == [FileKeyStore(tmp_path / "keys", MASTER).open("seal.1").public_spki]


def test_names_are_listed_and_destroyed_keys_are_gone(store):
    for name in ("b", "a"):
        store.generate(name, "ES256")
    assert store.names() == ["a", "b"]
    store.destroy("a")
    assert store.names() == ["b"]
    assert not store.exists("a")
    for call in (store.open, store.destroy):
        with pytest.raises(NotFound):
            call("a")


def test_another_process_s_changes_are_noticed(store, tmp_path):
    first = store.generate("seal.1", "ES256")
    other = FileKeyStore(tmp_path / "keys", MASTER)
    other.destroy("seal.1")
    with pytest.raises(NotFound):
        store.open("seal.1")
    second = other.generate("seal.1", "ES256")
    assert store.open("seal.1").public_spki == second.public_spki != first.public_spki


def test_an_open_key_is_not_read_again(store):
    store.generate("seal.1", "ES256")
    assert store.open("seal.1") is store.open("seal.1")


def test_a_key_file_under_another_name_does_not_open(store, tmp_path):
    store.generate("mine", "ES256")
    (tmp_path / "keys" / "mine.key").rename(tmp_path / "keys" / "yours.key")
    with pytest.raises(IntegrityError):
        store.open("yours")


def test_the_wrong_master_key_is_named(store, tmp_path):
    store.generate("seal.1", "ES256")
    with pytest.raises(ConfigurationError):
        FileKeyStore(tmp_path / "keys", os.urandom(32)).open("seal.1")


def test_after_rotation_old_keys_open(store, tmp_path):
    spki = store.generate("seal.1", "ES256").public_spki
    rotated = FileKeyStore(tmp_path / "keys", os.urandom(32), previous=[MASTER])
    assert rotated.open("seal.1").public_spki == spki


@pytest.mark.parametrize("name", ["", "../up", "A", "a/b", ".hidden", "a\x00", "a" * 200])
def test_names_that_could_leave_the_directory_are_refused(store, name):
    with pytest.raises(InvalidInput):
        store.open(name)


def test_a_handle_shows_no_key(store):
    handle = store.generate("seal.1", "ES256")
    assert not hasattr(handle, "to_pkcs8")
    assert repr(handle) == "StoredKey(seal.1, ES256)"


def test_many_threads_sign_with_one_handle(store):
    handle = store.generate("seal.1", "SM2-SM3")
    public = load_public_key(handle.public_spki)

    def sign_and_verify(number: int) -> None:
        data = str(number).encode()
        public.verify(store.open("seal.1").sign(data), data)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign_and_verify, range(200)))
