"""Apache's sign-in modules against the running demo: OpenID Connect and CAS, each with its single logout."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.demo_house import Demo
from tests.flows.browser import Browser
from tests.flows.people import sign_in_by_wechat
from tests.flows.words import zh
from tests.interop.apache import Apache, is_there, running_apache

pytestmark = [
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not is_there(), reason="Apache or one of its modules is not on this machine"),
]
WAIT_SECONDS = 40


@pytest.fixture(scope="module")
def apache(demo: Demo) -> Iterator[Apache]:
    with running_apache(demo, prepare) as server:
        yield server


def prepare(demo: Demo, apache: Apache) -> str:
    """Register the two applications as an operator would; their part of the configuration."""
    return _openid(demo, apache) + _cas(demo, apache)


def _openid(demo: Demo, apache: Apache) -> str:
    callback = f"{apache.origin}/oidc/callback"
    metadata = apache.folder / "client.json"
    metadata.write_text(json.dumps({"backchannel_logout_uri": f"{callback}?logout=backchannel"}))
    made = demo.run(
        "client", "add", "Old files", "--redirect-uri", callback, "--metadata", metadata, "--json"
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    client = json.loads(made.stdout)
    return f"""
OIDCProviderMetadataURL {demo.base_url}/.well-known/openid-configuration
OIDCClientID {client["client_id"]}
OIDCClientSecret {client["client_secret"]}
OIDCRedirectURI {callback}
OIDCCryptoPassphrase {"x" * 32}
OIDCPKCEMethod S256
OIDCScope "openid profile"
OIDCRemoteUserClaim sub
<Location /oidc>
  AuthType openid-connect
  Require valid-user
</Location>
"""


def _cas(demo: Demo, apache: Apache) -> str:
    made = demo.run("cas", "add", "Old mail", f"{apache.origin}/cas", "--user", "id", "--attribute", "name", "--json")
    assert made.returncode == 0, made.stderr
    cookies = apache.folder / "cas-cookies"
    cookies.mkdir()
    cookies.chmod(0o777)
    return f"""
CASVersion 2
CASLoginURL {demo.base_url}/cas/login
CASValidateURL {demo.base_url}/cas/serviceValidate
CASCookiePath {cookies}/
CASSSOEnabled On
CASRootProxiedAs {apache.origin}
<Location /cas>
  AuthType CAS
  Require valid-user
</Location>
"""


@pytest.fixture
def browser(demo: Demo) -> Iterator[Browser]:
    with sign_in_by_wechat(demo, "lin") as signed_in:
        yield signed_in


def enter(browser: Browser, apache: Apache, name: str) -> str:
    """Open an application; who it takes the person for."""
    browser.open(f"{apache.origin}/{name}/")
    if "callback" not in browser.address and browser.page.xpath("//form//button[@value='allow']"):
        browser.submit({}, zh("Allow"))
    if browser.page.xpath("//form[@data-form-post]"):  # what a script does in a real browser
        browser.submit({})
    assert (browser.status, browser.heading) == (200, name), f"{browser.way} {browser.text[:300]} {apache.log[-2000:]}"
    return browser.response.headers["x-person"]


def is_known(browser: Browser, apache: Apache, name: str) -> bool:
    """Whether the application still takes this browser for somebody, without asking us."""
    answer = browser.http.get(f"{apache.origin}/{name}/")
    return answer.status_code == 200


def eventually(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.3)
    return False


def sign_out(browser: Browser, demo: Demo) -> None:
    browser.open(f"{demo.base_url}/logout")
    browser.submit({"csrf_token": browser.page.xpath("//form//input[@name='csrf_token']/@value")[-1]})


def test_mod_auth_openidc_signs_in_and_is_told_of_the_end(demo: Demo, apache: Apache, browser: Browser) -> None:
    assert enter(browser, apache, "oidc")
    assert is_known(browser, apache, "oidc")
    sign_out(browser, demo)
    assert eventually(lambda: not is_known(browser, apache, "oidc")), apache.log[-3000:]


def test_mod_auth_cas_signs_in_and_is_told_of_the_end(demo: Demo, apache: Apache, browser: Browser) -> None:
    assert enter(browser, apache, "cas")
    assert is_known(browser, apache, "cas")
    sign_out(browser, demo)
    assert eventually(lambda: not is_known(browser, apache, "cas")), apache.log[-3000:]
