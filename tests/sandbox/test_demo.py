"""The demo fits together: our settings, as they would be read, sign people in at the sandbox made with them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from idp.federation.base import AuthorizationStart, Surface
from idp.federation.wire import ProviderHttp
from kernel.clock import system_clock
from tests.sandbox.serving import SITE, press, serve
from tests.servers import spare_port
from xinyin.providers import build_connectors
from xinyin.sandbox.app import create_sandbox_app
from xinyin.sandbox.demo import DemoSandbox, build_demo
from xinyin.sandbox.people import Person
from xinyin.settings import Settings

GUEST = Person("guest", "访客", "访客", "110101198511230021")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoSandbox]:
    """A demo whose sandbox is running."""
    port = spare_port()
    built = build_demo(tmp_path_factory.mktemp("demo"), f"http://127.0.0.1:{port}", SITE, (GUEST,))
    with serve(create_sandbox_app(built.settings), port):
        yield built


@pytest.mark.parametrize("family", ["wechat", "qq", "alipay"])
async def test_people_sign_in_with_the_demos_settings(demo: DemoSandbox, family: str) -> None:
    settings = Settings(**demo.overrides)  # type: ignore[arg-type]
    http = ProviderHttp()
    connector = build_connectors(settings, http, system_clock)[family]
    start = AuthorizationStart("ab" * 32, f"{SITE}/login/{family}/callback", Surface.DESKTOP)
    identity = await connector.finish(press(connector.start(start)), start)
    await http.close()
    assert identity.nickname == "小满"


def test_guests_of_the_demo_stand_in_the_population_register(demo: DemoSandbox) -> None:
    elements = {"name": GUEST.name, "id_number": GUEST.id_number}
    answer = httpx.post(f"{demo.overrides['population_register_url']}/check", json=elements)
    assert answer.json() == {"match": True}


def test_a_second_start_keeps_the_keys_and_hides_them_from_others(tmp_path: Path) -> None:
    first, second = (build_demo(tmp_path, "http://127.0.0.1:1", SITE) for _ in range(2))
    assert first.settings.alipay_apps == second.settings.alipay_apps
    assert (tmp_path / "alipay-app.pem").stat().st_mode & 0o077 == 0
