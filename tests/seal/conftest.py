"""What the tests of sealing share."""

import pytest

from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pki import SealPki


@pytest.fixture(scope="session")
def pki() -> SealPki:
    """One PKI for all tests of a run."""
    return SealPki()


@pytest.fixture(scope="session")
def ofd() -> bytes:
    """An unsigned OFD of two A4 pages."""
    return minimal_ofd(pages=2)
