"""A refused PIN is tried once, by one process, and a token is never locked by us."""

import os
import subprocess
import sys

import pytest

from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.custody.pkcs11 import constants as ck
from kernel.crypto.custody.pkcs11.shared_module import shared_module
from kernel.errors import ConfigurationError
from tests.softhsm import MODULE, PIN, WRONG_PIN

MASTER = os.urandom(32)


def flags(token: str) -> int:
    """The token's PIN flags, from a module that is up."""
    (found,) = (each for each in shared_module(MODULE).module.tokens() if each.label == token)
    return found.flags & (ck.CKF_USER_PIN_COUNT_LOW | ck.CKF_USER_PIN_FINAL_TRY | ck.CKF_USER_PIN_LOCKED)


TRY = """
import sys
from pathlib import Path
from kernel.crypto.custody.opening import open_keystore
from kernel.errors import ConfigurationError
store = open_keystore(sys.argv[1], [bytes.fromhex(sys.argv[2])], state=Path(sys.argv[3]))
try:
    print(store.names())
except ConfigurationError as refusal:
    print(refusal.reason)
"""


def in_another_process(hsm, tmp_path, pin: str) -> str:
    command = [sys.executable, "-c", TRY, hsm.address("pins", pin), MASTER.hex(), str(tmp_path / "state")]
    return subprocess.run(command, env=hsm.environment, capture_output=True, text=True, check=True).stdout.strip()


def test_a_wrong_pin_is_named_once_and_not_tried_again_by_this_process_or_another(hsm, tmp_path):
    assert "CKR_PIN_INCORRECT" in in_another_process(hsm, tmp_path, WRONG_PIN)
    store = open_keystore(hsm.address("pins", WRONG_PIN), [MASTER], state=tmp_path / "state")
    for _ in range(5):
        with pytest.raises(ConfigurationError, match="The token pins refuses the PIN") as refusal:
            store.names()
        assert refusal.value.reason == "refused before"
    assert in_another_process(hsm, tmp_path, WRONG_PIN) == "refused before"


def test_the_right_pin_ends_the_refusal(hsm, tmp_path):
    in_another_process(hsm, tmp_path, WRONG_PIN)
    assert in_another_process(hsm, tmp_path, PIN) == "[]"
    assert not list((tmp_path / "state").glob("*.refused"))
    assert "CKR_PIN_INCORRECT" in in_another_process(hsm, tmp_path, WRONG_PIN)  # once more, since it was forgotten
    assert in_another_process(hsm, tmp_path, PIN) == "[]"
    open_keystore(hsm.address("keys"), [MASTER]).names()
    assert flags("pins") == 0


def test_no_pin_is_kept_in_the_state(hsm, tmp_path):
    in_another_process(hsm, tmp_path, WRONG_PIN)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert len(kept) == 64
    assert WRONG_PIN.encode() not in kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "state").iterdir())


def test_two_stores_of_one_process_share_the_module(hsm):
    one, other = (open_keystore(hsm.address("keys"), [MASTER]) for _ in range(2))
    one.names()
    life = shared_module(MODULE).ensure(0, 5)
    other.names()
    assert shared_module(MODULE).ensure(0, 5) == life
