"""What QQ remembers, and how it derives openid (per application) and unionid (per company)."""

from datetime import timedelta

from xinyin.sandbox.grants import Grant, Vouchers
from xinyin.sandbox.people import Person, derive_identifier
from xinyin.sandbox.settings import QQApp, SandboxSettings

CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(days=90)


class QQState:
    """All of QQ Connect, in memory."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._apps = {app.app_id: app for app in settings.qq_apps}
        self.codes: Vouchers[tuple[Grant, str]] = Vouchers(settings.clock, CODE_LIFETIME)
        self.access_tokens: Vouchers[Grant] = Vouchers(settings.clock, TOKEN_LIFETIME)
        self.refresh_tokens: Vouchers[Grant] = Vouchers(settings.clock, TOKEN_LIFETIME)

    def find_app(self, app_id: str) -> QQApp | None:
        """The registered application, if there is one."""
        return self._apps.get(app_id)


def openid_of(app_id: str, person: Person) -> str:
    """32 upper-case hexadecimal digits, another for each application."""
    return _hexadecimal("qq-openid", app_id, person)


def unionid_of(person: Person) -> str:
    """`UID_` and 32 digits, the same for all applications of the company."""
    return f"UID_{_hexadecimal('qq-unionid', 'company', person)}"


def _hexadecimal(kind: str, scope: str, person: Person) -> str:
    return derive_identifier(kind, scope, person.identity, length=16).encode().hex().upper()
