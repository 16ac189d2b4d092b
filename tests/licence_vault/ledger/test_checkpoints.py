"""Checkpoints as C2SP signed notes: read strictly, trusted only when the log's own key signed them."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import ConfigurationError, InvalidInput
from licence_vault.ledger.checkpoints import (
    Checkpoint,
    InvalidCheckpoint,
    check_origin,
    load_log_key,
    open_checkpoint,
    origin_of,
    parse_body,
    parse_note,
    sign_line,
    verifier_key,
)
from licence_vault.ledger.merkle import Head
from tests.licence_vault.ledger.world import ORIGIN, LogKey, spki_of_raw

VECTOR = json.loads((Path(__file__).parent / "vectors/signed_note.json").read_text())
KEY = LogKey()
CHECKPOINT = Checkpoint(ORIGIN, Head(20852163, bytes(range(32))))
NOTE = f"{CHECKPOINT.body}\n{sign_line(CHECKPOINT, KEY.sign(CHECKPOINT.body.encode()), [KEY.spki])}"


def test_the_published_note_of_go_reads_and_its_key_has_the_published_id() -> None:
    name, key_id, encoded = VECTOR["verifier_key"].split("+", 2)
    spki = spki_of_raw(base64.b64decode(encoded)[1:])
    note = parse_note(VECTOR["note"])
    (signature,) = note.signatures
    assert (signature.name, signature.key_id.hex()) == (name, key_id)
    assert verifier_key(name, spki) == VECTOR["verifier_key"]
    load_log_key(spki).verify(signature.signature, note.body.encode())


def test_a_checkpoint_reads_as_it_was_signed() -> None:
    assert open_checkpoint(NOTE, [KEY.spki], origin=ORIGIN) == CHECKPOINT


def test_its_text_is_origin_size_and_root() -> None:
    assert CHECKPOINT.body == f"{ORIGIN}\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


def test_a_key_that_is_not_the_logs_does_not_open_it() -> None:
    with pytest.raises(InvalidCheckpoint, match="not signed by the log's key"):
        open_checkpoint(NOTE, [LogKey().spki])


def test_a_witness_signature_beside_ours_is_passed_over() -> None:
    line = "— witness.example/w " + base64.b64encode(b"abcd" + bytes(72)).decode() + "\n"
    assert open_checkpoint(NOTE + line, [KEY.spki]) == CHECKPOINT


def test_a_second_signature_of_ours_that_does_not_hold_spoils_the_note() -> None:
    *_, line = NOTE.splitlines(keepends=True)
    dash, name, encoded = line.split(" ")
    key_id = base64.b64decode(encoded)[:4]
    forged = f"{dash} {name} {base64.b64encode(key_id + bytes(64)).decode()}\n"
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(NOTE + forged, [KEY.spki])


def test_another_logs_checkpoint_is_not_ours_even_under_the_same_key() -> None:
    with pytest.raises(InvalidCheckpoint, match="another log"):
        open_checkpoint(NOTE, [KEY.spki], origin="elsewhere.example/log")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("20852163", "20852164"),
        (ORIGIN + "\n2", "elsewhere.example/log\n2"),
        ("AAECAw", "BAECAw"),
    ],
)
def test_a_changed_word_breaks_the_signature(was: str, becomes: str) -> None:
    changed = NOTE.replace(was, becomes, 1)
    assert changed != NOTE
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(changed, [KEY.spki])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        CHECKPOINT.body,
        CHECKPOINT.body + "\n",
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        NOTE + "— a+b AAAAAAAA\n",
        NOTE + "— short AAAA\n",
        NOTE + "— name not-base64\n",
        "\ud800" + NOTE,
        "x" * 70000 + NOTE,
    ],
)
def test_what_is_no_signed_note_is_refused(text: str) -> None:
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(text, [KEY.spki])


@pytest.mark.parametrize(
    "body",
    [
        "origin\n1\n",
        "\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n１\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "origin\n1\nAAECAw==\n",
        "origin\n99999999999999999999\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\nmore\n",
        "origin\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ],
)
def test_there_is_one_way_to_write_a_checkpoint(body: str) -> None:
    with pytest.raises(InvalidCheckpoint):
        parse_body(body)


def test_extension_lines_are_read_and_mean_nothing() -> None:
    extended = Checkpoint(ORIGIN, CHECKPOINT.head, ("note to self",))
    assert parse_body(extended.body) == extended


@given(st.text())
def test_any_text_is_a_checkpoint_or_refused_in_our_words(text: str) -> None:
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(text, [KEY.spki])


@given(st.text(alphabet=st.sampled_from([*NOTE, "\x00", "é"]), max_size=60), st.integers(0, len(NOTE)))
def test_a_note_with_something_in_it_is_refused_or_says_the_same(noise: str, at: int) -> None:
    try:
        found = open_checkpoint(NOTE[:at] + noise + NOTE[at:], [KEY.spki])
    except InvalidInput:
        return
    assert found == CHECKPOINT


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u3000b", "a\u200bb", "a\tb"])
def test_an_origin_that_cannot_name_a_key_is_refused(origin: str) -> None:
    with pytest.raises(ConfigurationError):
        check_origin(origin)


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://zhengzhao.example.cn", "zhengzhao.example.cn/log"),
        ("http://localhost:8000/", "localhost:8000/log"),
    ],
)
def test_the_origin_is_the_logs_address_without_scheme(public_url: str, origin: str) -> None:
    assert origin_of(public_url) == origin


def test_only_an_ed25519_key_is_a_logs_key() -> None:
    with pytest.raises(InvalidInput):
        open_checkpoint(NOTE, [b"not a key"])
