"""Addresses of key stores: what may be written, and what is said about the rest."""

from pathlib import Path

import pytest

from kernel.crypto.custody.addresses import FileAddress, PlacedAddress, file_folders, parse_address, weaknesses
from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.custody.pkcs11.address import Pkcs11Address
from kernel.errors import ConfigurationError, IntegrityError

TOKEN = "pkcs11:token=x?module-path=/m.so&pin-value=1"


def test_a_folder_may_be_called_anything():
    assert parse_address("file:/srv/my keys=1") == FileAddress(Path("/srv/my keys=1"))


def test_every_attribute_of_a_token_is_read(tmp_path):
    (tmp_path / "the pin").write_text("12;34\n")
    address = parse_address(
        f"pkcs11:token=Our%20HSM;serial=42?module-path=/opt/hsm/libcs.so&pin-source=file:{tmp_path}/the%20pin"
        "&x-sessions=3&x-reload-seconds=30&x-patience-seconds=2&x-sm2-sign=0x80000105&x-sm2-input=data"
    )
    assert isinstance(address, Pkcs11Address)
    assert address.match == {"token": "Our HSM", "serial": "42"}
    assert (address.module_path, address.pin) == ("/opt/hsm/libcs.so", b"12;34")
    assert (address.sessions, address.reload_seconds, address.patience_seconds) == (3, 30, 2)
    assert address.sm2 is not None
    assert (address.sm2.sign, address.sm2.signs_digest) == (0x80000105, False)
    assert "12;34" not in repr(address)


def test_a_pin_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("OUR_PIN", "1234")
    address = parse_address("pkcs11:token=x?module-path=/m.so&pin-source=env:OUR_PIN")
    assert isinstance(address, Pkcs11Address)
    assert address.pin == b"1234"


def test_each_algorithm_has_its_place():
    address = parse_address(f"SM2-SM3,Ed25519=file:/srv/keys\n  ES256,RS256={TOKEN}")
    assert isinstance(address, PlacedAddress)
    assert address.places["SM2-SM3"] is address.places["Ed25519"]
    assert isinstance(address.places["RS256"], Pkcs11Address)
    assert file_folders(address) == [Path("/srv/keys")]


def test_a_pin_in_the_open_is_a_weakness():
    assert weaknesses(parse_address("file:keys")) == []
    (weakness,) = weaknesses(parse_address(f"SM2-SM3,Ed25519=file:k ES256,RS256={TOKEN}"))
    assert "pin-value" in weakness


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("", "is not the address"),
        ("keys", "is not the address"),
        ("file:", "is not the address"),
        ("ftp://signer", "ftp is not the address"),
        ("pkcs11:?module-path=/m.so&pin-value=1", "token: name the token"),
        ("pkcs11:token=x?pin-value=1", "module-path: name"),
        ("pkcs11:token=x?module-path=/m.so", "there is no PIN"),
        ("pkcs11:token=x?module-path=/m.so&pin-source=env:NOT_SET_HERE", "there is no PIN"),
        ("pkcs11:token=x?module-path=/m.so&pin-source=file:/not/here", "/not/here: No such file"),
        ("pkcs11:token=x?module-path=/m.so&pin-source=https://x", "begin it with file: or env:"),
        ("pkcs11:token=x?module-path=/m.so&pin-value=1&pin-source=env:X", "not both"),
        ("pkcs11:token=x;token=y?module-path=/m.so&pin-value=1", "token: given twice"),
        ("pkcs11:object=x?module-path=/m.so&pin-value=1", "object: not known"),
        ("pkcs11:token=x?module-path=/m.so&pin-value=1&x-sessions=0", "x-sessions: a whole number"),
        ("pkcs11:token=x?module-path=/m.so&pin-value=1&x-sm2-input=data", "means nothing without x-sm2-sign"),
        ("SM2-SM3=file:a", "ES256, RS256, Ed25519 keys are given no place"),
        ("SM2-SM3,ES256,RS256,Ed25519=file:a ES256=file:b", "ES256 keys are given two places"),
        ("SM2-SM3,ES256,RS256,Ed25519,PS512=file:a", "PS512 is not a signing algorithm"),
        (f"ES256,RS256,Ed25519=file:a SM2-SM3={TOKEN}", "SM2-SM3 keys are placed on a token"),
    ],
)
def test_an_unclear_address_is_refused_naming_what_is_unclear(address, complaint):
    with pytest.raises(ConfigurationError, match=complaint) as refusal:
        parse_address(address)
    assert "pin-value=1" not in refusal.value.text


def test_a_file_that_is_no_module_is_named(tmp_path):
    (tmp_path / "m.so").write_bytes(b"not a library")
    with pytest.raises(ConfigurationError, match=r"m\.so is not a PKCS#11 module"):
        open_keystore(f"pkcs11:token=x?module-path={tmp_path}/m.so&pin-value=1", [bytes(32)])


def test_a_key_made_for_plain_ecdsa_is_not_taken_for_sm2(hsm):
    """SoftHSM makes keys on the SM2 curve and signs plain ECDSA with them."""
    store = open_keystore(hsm.address("keys", more="&x-sm2-sign=0x1041"), [bytes(32)])
    with pytest.raises(ConfigurationError, match="does not make SM2-SM3 signatures with mechanism 0x1041"):
        store.generate("sm2", "SM2-SM3")
    assert not store.exists("sm2")


def test_tokens_that_look_alike_are_refused(hsm):
    with pytest.raises(ConfigurationError, match="More than one token"):
        open_keystore(hsm.address("twins"), [bytes(32)]).names()


def test_two_keys_of_one_name_on_a_token_are_refused(hsm):
    store = open_keystore(hsm.address("keys"), [bytes(32)])
    for place in ("a1", "a2"):
        hsm.pkcs11_tool("keys", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "double", "--id", place)
    with pytest.raises(IntegrityError, match="several keys called double"):
        store.open("double")
    store.destroy("double")
    assert not store.exists("double")
