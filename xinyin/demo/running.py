"""`xinyin demo`: sandbox providers, the legacy application, the service and the gateway, in one process on loopback."""

import asyncio
import secrets
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from kernel.crypto.startup.master_key import load_or_create_master_key
from kernel.errors import XinyinError
from sso_proxy.credentials.service import Credential
from sso_proxy.sites.site import Site
from xinyin.app import create_app
from xinyin.chores import chores_running, renew_trust_folder
from xinyin.demo.seeding import check_untouched, seed, write_description
from xinyin.house import House, open_house
from xinyin.legacy_app.application import LegacyApplication
from xinyin.sandbox.app import create_sandbox_app
from xinyin.sandbox.demo import DemoSandbox, build_demo
from xinyin.serving import make_server, running, until_stopped
from xinyin.settings import Settings, load_settings

VAR = Path("var")
LIBRARY_SLUG, LIBRARY_NAME = "library", "图书馆藏书系统"
LIBRARY_USER = "reader"


async def run_demo(settings: Settings) -> None:
    """Start everything below `VAR`, which exists; print how to look at it, and go on until told to stop."""
    async with AsyncExitStack() as stack:
        sandbox_port = _spare_port()
        sandbox = build_demo(VAR / "sandbox", f"http://localhost:{sandbox_port}", settings.public_url)
        settings = load_settings(**_given(settings), **sandbox.overrides)
        await stack.enter_async_context(_sandbox_running(settings, sandbox, sandbox_port))
        _mark_as_demo(settings)
        house = await stack.enter_async_context(open_house(settings))
        await stack.enter_async_context(running(make_server(create_app(house), settings)))
        await stack.enter_async_context(house.gateway_running())
        await stack.enter_async_context(chores_running(house))
        legacy = LegacyApplication(VAR / "legacy")
        if not legacy.is_installed:
            sys.stdout.write("Installing the demo's legacy application; this once it takes a minute …\n")
            sys.stdout.flush()
        stack.callback(legacy.stop)
        description = await _enter_data(house, legacy)
        await renew_trust_folder(house)
        _say(description, sandbox_port)
        await until_stopped()


def _sandbox_running(settings: Settings, sandbox: DemoSandbox, port: int) -> Any:
    return running(make_server(create_sandbox_app(sandbox.settings), settings.model_copy(update={"port": port})))


def _given(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.model_fields_set}


def _mark_as_demo(settings: Settings) -> None:
    """Production mode refuses a master key with this mark beside it."""
    load_or_create_master_key(settings.master_key_file)
    settings.master_key_file.with_suffix(".demo").touch()


async def _enter_data(house: House, legacy: LegacyApplication) -> dict[str, Any]:
    path = VAR / "demo.json"
    description = check_untouched(path)
    if description is None:
        seeded = await seed(house)
        description = seeded.description | {"apps": await _add_library(house, legacy, seeded.person_ids["citizen"])}
        write_description(path, description)
        return description
    await _start_library(house, legacy)
    return description


async def _add_library(house: House, legacy: LegacyApplication, citizen_id: str) -> list[dict[str, str]]:
    """The legacy application with one reader's account, which the citizen has stored with the gateway."""
    if not await _install_library(legacy):
        return []
    password = secrets.token_urlsafe(9) + "aA1!"
    await asyncio.to_thread(legacy.create_account, LIBRARY_USER, password)
    await _start_library(house, legacy)
    await house.sso_proxy.credentials.store(citizen_id, LIBRARY_SLUG, Credential(LIBRARY_USER, password))
    url = f"{house.sso_proxy.address.origin_of(LIBRARY_SLUG)}/"
    return [{"name": LIBRARY_NAME, "url": url, "credentials_of": "citizen"}]


async def _install_library(legacy: LegacyApplication) -> bool:
    try:
        await asyncio.to_thread(legacy.install)
    except XinyinError as failure:
        sys.stderr.write(f"The legacy application is left out: {failure.text}\n")
        return False
    return True


async def _start_library(house: House, legacy: LegacyApplication) -> None:
    """Its port changes with each start, so the gateway is told anew."""
    if not await _install_library(legacy):
        return
    url = await asyncio.to_thread(legacy.start, _spare_port())
    sites = house.sso_proxy.sites
    if await sites.find(LIBRARY_SLUG):
        await sites.remove(LIBRARY_SLUG)
    await sites.add(Site(LIBRARY_SLUG, LIBRARY_NAME, url, entry_path="/", login_path="/login", logout_path="/logout"))


def _spare_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _say(description: dict[str, Any], sandbox_port: int) -> None:
    lines = [
        "",
        "Xinyin 信印 is ready.",
        f"  service   {description['base_url']}",
        f"  gateway   {description['gateway_url']}   " + "  ".join(app["url"] for app in description["apps"]),
        f"  sandbox   http://localhost:{sandbox_port}   WeChat, QQ, Alipay, registers",
        f"  messages  http://localhost:{sandbox_port}/mailbox   every e-mail and SMS of the demo",
        "",
        "  accounts  (also in var/demo.json)",
    ]
    for account in description["accounts"]:
        second = f"   one-time code secret {account['totp_secret']}" if "totp_secret" in account else ""
        lines.append(f"    {account['role']:<15}{account['username']:<14}{account['password']:<28}{second}")
    lines += ["", f"  Logs are in {VAR}/xinyin.log. Stop with Ctrl-C.", ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
