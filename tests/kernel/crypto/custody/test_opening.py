"""A key store is opened by its address, in any process."""

import os

import pytest

from kernel.crypto.custody.opening import open_keystore
from kernel.errors import ConfigurationError

MASTER = os.urandom(32)


def test_files_open_by_their_folder(tmp_path):
    made = open_keystore(f"file:{tmp_path}/keys", [MASTER]).generate("seal.1", "ES256")
    rotated = open_keystore(f"file:{tmp_path}/keys", [os.urandom(32), MASTER])
    assert rotated.open("seal.1").public_spki == made.public_spki


@pytest.mark.parametrize("address", ["", "keys", "file:", "ftp://signer", "file"])
def test_an_address_of_nothing_is_named(address):
    with pytest.raises(ConfigurationError, match="is not the address of a key store"):
        open_keystore(address, [MASTER])
