"""What every key store does, wherever its keys are."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature
from kernel.errors import ConfigurationError, Conflict, InvalidInput, NotFound


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "Ed25519", "SM2-SM3"])
def test_a_key_signs_now_and_after_a_restart(store, reopen, algorithm):
    if algorithm == "SM2-SM3" and type(store).__name__ == "Pkcs11KeyStore":  # SoftHSM has no mechanism for it
        with pytest.raises(ConfigurationError, match="no mechanism for SM2-SM3 keys"):
            store.generate("seal.1", algorithm)
        assert not store.exists("seal.1")
        return
    made = store.generate("seal.1", algorithm)
    assert made.algorithm == algorithm
    load_public_key(made.public_spki).verify(made.sign(b"licence"), b"licence")
    opened = reopen().open("seal.1")
    assert (opened.algorithm, opened.public_spki) == (algorithm, made.public_spki)
    signature = opened.sign(b"licence")
    load_public_key(made.public_spki).verify(signature, b"licence")
    with pytest.raises(InvalidSignature):
        load_public_key(made.public_spki).verify(signature, b"license")


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64 * 1024, 1024 * 1024])
def test_data_of_any_size_is_signed(store, size):
    key = store.generate("seal.1", "ES256")
    load_public_key(key.public_spki).verify(key.sign(b"." * size), b"." * size)


def test_a_taken_name_is_refused_and_the_first_key_stays(store, reopen):
    first = store.generate("seal.1", "ES256")
    for algorithm in ("ES256", "RS256", "Ed25519"):
        with pytest.raises(Conflict):
            reopen().generate("seal.1", algorithm)
    assert reopen().open("seal.1").public_spki == first.public_spki


def test_of_several_who_make_a_key_at_once_one_wins(reopen):
    def make(_: int) -> bytes | None:
        try:
            return reopen().generate("seal.1", "ES256").public_spki
        except Conflict:
            return None

    with ThreadPoolExecutor(4) as pool:
        made = [spki for spki in pool.map(make, range(8)) if spki]
    assert made == [reopen().open("seal.1").public_spki]


def test_names_are_listed_in_order_and_each_is_a_key(store, reopen):
    for name in ("b.2", "a_1", "c-3"):
        store.generate(name, "ES256")
    assert store.names() == reopen().names() == ["a_1", "b.2", "c-3"]
    assert all(store.exists(name) for name in store.names())


def test_there_is_no_key_that_was_not_made(store):
    assert store.names() == []
    assert not store.exists("seal.1")
    for call in (store.open, store.destroy):
        with pytest.raises(NotFound, match=r"seal\.1"):
            call("seal.1")


def test_a_destroyed_key_is_gone_for_everybody(store, reopen):
    store.generate("seal.1", "ES256")
    store.generate("seal.2", "ES256")
    elsewhere = reopen()
    elsewhere.open("seal.1")
    store.destroy("seal.1")
    for each in (store, elsewhere, reopen()):
        assert each.names() == ["seal.2"]
        assert not each.exists("seal.1")
        with pytest.raises(NotFound):
            each.open("seal.1")


def test_a_name_may_be_used_again_for_another_key(store, reopen):
    elsewhere = reopen()
    first = store.generate("seal.1", "ES256").public_spki
    assert elsewhere.open("seal.1").public_spki == first
    store.destroy("seal.1")
    second = store.generate("seal.1", "ES256")
    assert elsewhere.open("seal.1").public_spki == second.public_spki != first
    load_public_key(second.public_spki).verify(elsewhere.open("seal.1").sign(b"licence"), b"licence")


@pytest.mark.parametrize("name", ["", "../up", "A", "a/b", ".hidden", "a\x00", "a" * 200, "名"])
def test_names_that_could_mean_something_elsewhere_are_refused(store, name):
    for call in (store.open, store.exists, store.destroy, lambda each: store.generate(each, "ES256")):
        with pytest.raises(InvalidInput):
            call(name)


def test_a_handle_shows_nothing_but_its_name(store):
    handle = store.generate("seal.1", "ES256")
    assert not hasattr(handle, "to_pkcs8")
    assert "seal.1" in repr(handle)
    assert len(repr(handle)) < 200


def test_many_threads_sign_with_one_handle(store):
    handle = store.generate("seal.1", "ES256")
    public = load_public_key(handle.public_spki)

    def sign_and_verify(number: int) -> None:
        data = str(number).encode()
        public.verify(handle.sign(data), data)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(sign_and_verify, range(200)))
