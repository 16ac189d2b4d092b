"""Tokens and every kind of key store."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.keystore import KeyStore
from tests.signing_service import RunningSigner, running_signer
from tests.softhsm import SoftHsm

MASTER = os.urandom(32)


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """Tokens `keys` and `pins`, for the module that this process loads once."""
    hsm = SoftHsm.make(tmp_path_factory.mktemp("softhsm"), "keys", "pins", "twins", "twins")
    os.environ["SOFTHSM2_CONF"] = str(hsm.conf)
    return hsm


def _emptied(store: KeyStore) -> KeyStore:
    for name in store.names():
        store.destroy(name)
    return store


def _file(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], KeyStore]:
    return lambda: open_keystore(f"file:{tmp_path}/keys", [MASTER])


def _pkcs11(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], KeyStore]:
    address = request.getfixturevalue("hsm").address("keys")
    _emptied(open_keystore(address, [MASTER]))
    return lambda: open_keystore(address, [MASTER])


def _placed(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], KeyStore]:
    token = request.getfixturevalue("hsm").address("keys")
    _emptied(open_keystore(token, [MASTER]))
    return lambda: open_keystore(f"SM2-SM3,Ed25519=file:{tmp_path}/keys ES256,RS256={token}", [MASTER])


def _counted(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], KeyStore]:
    return lambda: open_keystore(f"file:{tmp_path}/keys", [MASTER], state=tmp_path / "state")


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSigner]:
    """A signing service in a process of its own."""
    with running_signer(tmp_path_factory.mktemp("signer")) as signer:
        yield signer


def _remote(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], KeyStore]:
    address = request.getfixturevalue("signer").address()
    _emptied(open_keystore(address, [MASTER]))
    return lambda: open_keystore(address, [MASTER])


KINDS = {"file": _file, "counted": _counted, "pkcs11": _pkcs11, "placed": _placed, "remote": _remote}


@pytest.fixture(params=KINDS)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], KeyStore]:
    """A store of each kind, empty; every call opens it anew, as another process would."""
    return KINDS[request.param](tmp_path, request)


@pytest.fixture
def store(reopen: Callable[[], KeyStore]) -> KeyStore:
    return reopen()
