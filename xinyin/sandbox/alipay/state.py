"""What Alipay remembers, and how it derives user_id and open_id."""

from datetime import timedelta

from xinyin.sandbox.grants import Grant, Vouchers
from xinyin.sandbox.people import Person, derive_identifier
from xinyin.sandbox.settings import AlipayApp, AlipayIds, SandboxSettings

CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(days=15)
REFRESH_LIFETIME = timedelta(days=30)


class AlipayState:
    """All of Alipay, in memory."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.clock = settings.clock
        self._apps = {app.app_id: app for app in settings.alipay_apps}
        self.codes: Vouchers[Grant] = Vouchers(settings.clock, CODE_LIFETIME)
        self.access_tokens: Vouchers[Grant] = Vouchers(settings.clock, TOKEN_LIFETIME)
        self.refresh_tokens: Vouchers[Grant] = Vouchers(settings.clock, REFRESH_LIFETIME)

    def find_app(self, app_id: str) -> AlipayApp | None:
        """The registered application, if there is one."""
        return self._apps.get(app_id)


def identifiers_of(app: AlipayApp, person: Person) -> dict[str, str]:
    """What this application gets to see: `open_id` alone (new), `user_id` alone (old), or both while it moves over."""
    open_id = derive_identifier("alipay-openid", app.app_id, person.identity, length=47)
    digits = int.from_bytes(derive_identifier("alipay-userid", person.identity, length=12).encode(), "big") % 10**12
    seen: dict[str, str] = {}
    if app.ids is not AlipayIds.USER_ID:
        seen["open_id"] = open_id.replace("-", "x").replace("_", "y")
    if app.ids is not AlipayIds.OPEN_ID:
        seen["user_id"] = f"2088{digits:012d}"
    return seen
