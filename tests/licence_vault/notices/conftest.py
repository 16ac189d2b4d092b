"""A house behind HTTP, as the tests of sharing have it."""

from tests.licence_vault.sharing.conftest import sharers

__all__ = ["sharers"]
