"""The pages of every package under one loader, with where the header and the console's rail lead."""

from pathlib import Path

import admin.app
from kernel.web.csrf import CsrfGuard
from kernel.web.templates import Navigation, NavLink, Pages
from xinyin.foundation import Foundation

ROOT = Path(__file__).parents[1]
PACKAGES = ("idp", "seal", "sso_proxy", "licence_vault", "verify", "admin", "xinyin")

STAFF_SCOPES = frozenset(
    {"licence:issue", "licence:manage", "seal:apply", "seal:approve", "admin:users", "admin:security", "admin:audit"}
)

NAVIGATION = Navigation(
    site=(
        NavLink("My licences", "/me/licences"),
        NavLink("My applications", "/me/apps"),
        NavLink("Verify a licence", "/verify"),
        NavLink("Console", "/console", scopes=STAFF_SCOPES),
    ),
    console=admin.app.NAVIGATION,
    account=(NavLink("My account", "/account"),),
)


def package_roots() -> list[Path]:
    """Where templates, static files and translations lie."""
    return [ROOT / package for package in PACKAGES]


def build_pages(foundation: Foundation) -> Pages:
    """The renderer that all packages share."""
    guard = CsrfGuard(foundation.csrf_key, foundation.settings.public_url)
    return Pages(package_roots(), csrf=guard, navigation=NAVIGATION)
