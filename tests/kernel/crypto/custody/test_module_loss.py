"""How often a module that fails is begun anew."""

import time
from pathlib import Path

import pytest

from kernel.crypto.custody.pkcs11.shared_module import SharedModule
from kernel.errors import Unavailable
from tests.softhsm import MODULE, SoftHsm


@pytest.fixture
def module(hsm: SoftHsm, tmp_path: Path) -> SharedModule:
    """A copy of the file is a module of its own: the one that other tests use stays up."""
    own = tmp_path / "module.so"
    own.write_bytes(Path(MODULE).read_bytes())
    return SharedModule(str(own))


def test_a_single_error_is_mended_at_once(module):
    life = module.ensure(0, 60)
    assert module.ensure(life, 60) == life + 1


def test_a_module_that_keeps_dying_is_left_in_peace_for_a_while(module):
    life = module.ensure(module.ensure(0, 1), 1)
    with pytest.raises(Unavailable):
        module.ensure(life, 1)
    time.sleep(1)
    assert module.ensure(life, 1) == life + 1
