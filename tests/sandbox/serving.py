"""The sandbox as others meet it: on a real port, with applications registered, and hands that press its buttons."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import uvicorn
from starlette.types import ASGIApp

from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.public_keys import load_public_key
from tests.servers import spare_port
from xinyin.sandbox.settings import AlipayApp, AlipayIds, QQApp, SandboxSettings, WeChatApp

SITE = "http://localhost:8000"
CALLBACKS = {family: f"{SITE}/login/{family}/callback" for family in ("wechat", "qq", "alipay")}
IN_WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.50"
WEB_APP = WeChatApp("wxweb0000000000001", "web-secret-0001", "localhost")
MP_APP = WeChatApp("wxmp00000000000001", "mp-secret-0001", "localhost", kind="mp")
UNBOUND_APP = WeChatApp("wxweb0000000000002", "web-secret-0002", "localhost", open_account=None)
QQ_APP = QQApp("101000001", "qq-key-0001", "localhost")
QQ_APP_WITHOUT_UNION = QQApp("101000002", "qq-key-0002", "localhost", union_granted=False)
ALIPAY_NEW, ALIPAY_MOVING, ALIPAY_OLD = "2021000000000001", "2021000000000002", "2021000000000003"


class MovableClock:
    """A clock that tests move forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class SandboxKeys:
    """Alipay's key, and the one that all our Alipay applications sign with."""

    gateway: PrivateKey
    merchant: PrivateKey


def make_keys() -> SandboxKeys:
    """Two RSA keys; making them takes a second, so make them once."""
    return SandboxKeys(generate_key("RS256"), generate_key("RS256"))


def sandbox_settings(keys: SandboxKeys, clock: MovableClock) -> SandboxSettings:
    """Two WeChat applications of one account and one of none, two of QQ, three of Alipay."""
    merchant = load_public_key(keys.merchant.public_spki)
    return SandboxSettings(
        wechat_apps=(WEB_APP, MP_APP, UNBOUND_APP),
        qq_apps=(QQ_APP, QQ_APP_WITHOUT_UNION),
        alipay_apps=tuple(
            AlipayApp(app_id, CALLBACKS["alipay"], merchant, ids)
            for app_id, ids in (
                (ALIPAY_NEW, AlipayIds.OPEN_ID),
                (ALIPAY_MOVING, AlipayIds.BOTH),
                (ALIPAY_OLD, AlipayIds.USER_ID),
            )
        ),
        alipay_key=keys.gateway,
        clock=clock,
        poll_seconds=0.3,
        slow_seconds=3,
    )


@contextlib.contextmanager
def serve(app: ASGIApp, port: int | None = None) -> Iterator[str]:
    """A real server for `app`, in a thread; gives its address."""
    port = port or spare_port()
    config = uvicorn.Config(app, port=port, log_level="warning", http="httptools", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def press(page_url: str, action: str = "confirm", person: str = "lin", *, agent: str = "Browser") -> dict[str, str]:
    """Open a provider's page as a browser and press a button; gives the parameters of the callback that follows."""
    headers = {"User-Agent": agent}
    with httpx.Client(headers=headers, follow_redirects=True) as browser:
        page = browser.get(page_url.partition("#")[0])
        target = re.search(r'<form method="post"(?: action="([^"]+)")?', page.text)
        if target is None:
            raise AssertionError(f"no form on the page: {visible_text(page.text)}")
        url = page.url.join(unescape(target[1])) if target[1] else page.url
        answer = browser.post(url, data={"person": person, "action": action}, follow_redirects=False)
    if "location" not in answer.headers:
        raise AssertionError(f"no way back: {visible_text(answer.text)}")
    return callback_params(answer.headers["location"])


def callback_params(location: str) -> dict[str, str]:
    """The query of a callback, each name once."""
    pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def visible_text(html: str) -> str:
    """What a reader sees of a page's main part."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main>")[2]).split())


def switch_fault(base_url: str, fault: str, times: int | None = None) -> None:
    """Give the provider at `base_url` a bad day."""
    answer = httpx.post(f"{base_url}/sandbox/faults", json={"fault": fault, "times": times})
    assert answer.status_code == 200, answer.text


def clear_faults(base_url: str) -> None:
    """And a good one again."""
    httpx.delete(f"{base_url}/sandbox/faults").raise_for_status()


def merged(*parts: Mapping[str, str]) -> dict[str, str]:
    """Several groups of parameters as one."""
    return {name: value for part in parts for name, value in part.items()}
