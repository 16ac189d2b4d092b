"""What WeChat remembers: scans under way, codes, tokens; and how it derives openid and unionid."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from xinyin.sandbox.grants import Grant, Vouchers
from xinyin.sandbox.people import Person, derive_identifier
from xinyin.sandbox.settings import SandboxSettings, WeChatApp

CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(hours=2)
REFRESH_LIFETIME = timedelta(days=30)
QR_LIFETIME = timedelta(minutes=5)


class ScanStatus(IntEnum):
    """The numbers that the QR page's long poll answers."""

    EXPIRED = 402
    CANCELLED = 403
    SCANNED = 404
    CONFIRMED = 405
    WAITING = 408


@dataclass
class Scan:
    """One QR code on one screen."""

    app: WeChatApp
    scope: str
    redirect_uri: str
    state: str
    expires_at: datetime
    key: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    status: ScanStatus = ScanStatus.WAITING
    person: Person | None = None
    code: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def move(self, status: ScanStatus) -> None:
        """Change the status and wake every poll that waits for it."""
        self.status = status
        self.changed.set()
        self.changed = asyncio.Event()


class WeChatState:
    """All of WeChat, in memory."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._clock = settings.clock
        self._apps = {app.app_id: app for app in settings.wechat_apps}
        self.poll_seconds = settings.poll_seconds
        self.codes: Vouchers[Grant] = Vouchers(settings.clock, CODE_LIFETIME)
        self.access_tokens: Vouchers[Grant] = Vouchers(settings.clock, TOKEN_LIFETIME)
        self.refresh_tokens: Vouchers[Grant] = Vouchers(settings.clock, REFRESH_LIFETIME)
        self._scans: dict[str, Scan] = {}

    def find_app(self, app_id: str) -> WeChatApp | None:
        """The registered application, if there is one."""
        return self._apps.get(app_id)

    def open_scan(self, app: WeChatApp, scope: str, redirect_uri: str, state: str) -> Scan:
        """Put a fresh QR code on a screen."""
        now = self._clock()
        self._scans = {key: scan for key, scan in self._scans.items() if scan.expires_at + QR_LIFETIME > now}
        scan = Scan(app, scope, redirect_uri, state, now + QR_LIFETIME)
        self._scans[scan.key] = scan
        return scan

    def find_scan(self, key: str) -> Scan | None:
        """The scan of this QR code; one past its time is marked expired first."""
        scan = self._scans.get(key)
        if scan and scan.expires_at <= self._clock() and scan.status in (ScanStatus.WAITING, ScanStatus.SCANNED):
            scan.move(ScanStatus.EXPIRED)
        return scan

    def confirm(self, scan: Scan, person: Person) -> str:
        """The person agrees; returns the code."""
        scan.person = person
        scan.code = self.issue_code(scan.app, person, scan.scope)
        scan.move(ScanStatus.CONFIRMED)
        return scan.code

    def issue_code(self, app: WeChatApp, person: Person, scope: str) -> str:
        """A code as long as WeChat's (32 characters)."""
        return self.codes.issue(Grant(app.app_id, person, scope))

    async def wait_for_change(self, scan: Scan, last: int) -> ScanStatus:
        """Hold a poll until the status is another than `last`, or the poll's time is over."""
        if scan.status is ScanStatus.WAITING or scan.status == last:
            try:
                await asyncio.wait_for(scan.changed.wait(), self.poll_seconds)
            except TimeoutError:
                pass
        found = self.find_scan(scan.key)
        if found is None:
            return ScanStatus.EXPIRED
        return ScanStatus.WAITING if found.status == last == ScanStatus.SCANNED else found.status


def openid_of(app: WeChatApp, person: Person) -> str:
    """28 characters, another for each application."""
    return "o" + derive_identifier("wechat-openid", app.app_id, person.identity, length=27)


def unionid_of(app: WeChatApp, person: Person) -> str | None:
    """28 characters, the same for all applications of one open-platform account; None where there is no account."""
    if app.open_account is None:
        return None
    return "o" + derive_identifier("wechat-unionid", app.open_account, person.identity, length=27)
