"""Which packages keep tables, where their rows and their migrations are."""

import importlib
import pkgutil
from pathlib import Path

from sqlalchemy import MetaData

import idp.schema
import kernel.audit.records
import licence_vault.schema
import seal.schema
import sso_proxy.schema
import verify.schema

ROOT = Path(__file__).parents[1]

METADATA: dict[str, MetaData] = {
    "audit": kernel.audit.records.Base.metadata,
    "idp": idp.schema.Base.metadata,
    "seal": seal.schema.Base.metadata,
    "vault": licence_vault.schema.Base.metadata,
    "proxy": sso_proxy.schema.Base.metadata,
    "verify": verify.schema.Base.metadata,
}
"""By table prefix."""

MIGRATIONS: dict[str, Path] = {
    "audit": ROOT / "kernel/audit/migrations",
    "idp": ROOT / "idp/migrations",
    "seal": ROOT / "seal/migrations",
    "vault": ROOT / "licence_vault/migrations",
    "proxy": ROOT / "sso_proxy/migrations",
    "verify": ROOT / "verify/migrations",
}
"""By table prefix, in the order of the house."""


def load_rows() -> None:
    """Import every `records` module, so that `METADATA` is whole."""
    for package in (idp, seal, licence_vault, sso_proxy, verify):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.rsplit(".", 1)[-1] == "records":
                importlib.import_module(module.name)
