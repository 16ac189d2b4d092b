"""Sealed records open where they belong, with the keys they were sealed under, and nowhere else."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.envelope import Envelope
from kernel.errors import ConfigurationError, IntegrityError

OLD, NEW = os.urandom(32), os.urandom(32)
SUITES = ["AES-256-GCM", "SM4-GCM"]


@pytest.mark.parametrize("suite", SUITES)
@given(plaintext=st.binary(max_size=500), context=st.text(max_size=40))
def test_a_record_comes_back(suite, plaintext, context):
    envelope = Envelope(OLD, suite=suite)
    sealed = envelope.encrypt(plaintext, context=context)
    assert envelope.decrypt(sealed, context=context) == plaintext


@pytest.mark.parametrize("suite", SUITES)
@given(position=st.integers(0, 1000), change=st.integers(1, 255))
def test_a_changed_byte_anywhere_is_found(suite, position, change):
    envelope = Envelope(OLD, suite=suite)
    sealed = bytearray(envelope.encrypt(b"110101199003070011", context="person"))
    sealed[position % len(sealed)] ^= change
    with pytest.raises((IntegrityError, ConfigurationError)):
        envelope.decrypt(bytes(sealed), context="person")


@given(st.binary(max_size=200))
def test_garbage_does_not_open(garbage):
    with pytest.raises((IntegrityError, ConfigurationError)):
        Envelope(OLD).decrypt(garbage, context="person")


@pytest.mark.parametrize("suite", SUITES)
@given(length=st.integers(0, 1000))
def test_a_cut_record_does_not_open(suite, length):
    sealed = Envelope(OLD, suite=suite).encrypt(b"secret", context="person")
    with pytest.raises((IntegrityError, ConfigurationError)):
        Envelope(OLD).decrypt(sealed[: length % len(sealed)], context="person")


def test_a_record_moved_to_another_place_does_not_open():
    sealed = Envelope(OLD).encrypt(b"secret", context="person.name:1")
    with pytest.raises(IntegrityError):
        Envelope(OLD).decrypt(sealed, context="person.name:2")


def test_equal_plaintexts_do_not_look_alike():
    envelope = Envelope(OLD)
    assert len({envelope.encrypt(b"secret", context="x") for _ in range(50)}) == 50


@pytest.mark.parametrize("suite", SUITES)
def test_rotation_keeps_old_records_and_rewraps_them(suite):
    sealed = Envelope(OLD, suite=suite).encrypt(b"secret", context="x")
    rotated = Envelope(NEW, previous=[OLD])
    assert rotated.decrypt(sealed, context="x") == b"secret"
    assert rotated.needs_rewrap(sealed)
    rewrapped = rotated.rewrap(sealed, context="x")
    assert not rotated.needs_rewrap(rewrapped)
    assert Envelope(NEW).decrypt(rewrapped, context="x") == b"secret"
    with pytest.raises(ConfigurationError):
        Envelope(NEW).decrypt(sealed, context="x")
    with pytest.raises(IntegrityError):
        rotated.rewrap(sealed, context="y")


def test_the_blind_index_finds_the_same_value_only_for_the_same_purpose():
    envelope = Envelope(OLD)
    assert envelope.blind_index("number", "１２３X") == envelope.blind_index("number", "123X")
    assert envelope.blind_index("number", "123X") != envelope.blind_index("number", "123Y")
    assert envelope.blind_index("number", "123X") != envelope.blind_index("name", "123X")
    assert envelope.blind_index("number", "123X") != Envelope(NEW).blind_index("number", "123X")
    assert envelope.blind_index("number", "1") != Envelope(OLD, index_digest="SM3").blind_index("number", "1")
    assert len(envelope.blind_index("number", "123X")) == 64


def test_the_blind_index_survives_rotation():
    assert Envelope(NEW, previous=[OLD]).blind_index("number", "1") == Envelope(OLD).blind_index("number", "1")


def test_a_short_master_key_is_refused():
    with pytest.raises(ConfigurationError):
        Envelope(b"short")
    with pytest.raises(ConfigurationError):
        Envelope(NEW, previous=[b"short"])
