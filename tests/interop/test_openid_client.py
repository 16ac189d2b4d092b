"""A certified OpenID client of another language (openid-client, Node.js) signs people in with us."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.demo_house import Demo
from tests.flows.people import sign_in_by_wechat
from tests.flows.words import zh

HERE = Path(__file__).parent / "openid_client"

pytestmark = [
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="Node.js is not on this machine"),
]


@pytest.fixture(scope="module")
def website(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The website with its library from the registry."""
    folder = tmp_path_factory.mktemp("website")
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=240)
    return folder


def test_it_learns_who_somebody_is_and_goes_on_knowing(demo: Demo, website: Path) -> None:
    client = demo.client("web")
    callback = client["redirect_uris"][0]
    command = ["node", "website.mjs", demo.base_url, client["client_id"], client["client_secret"], callback]
    with (
        subprocess.Popen(command, cwd=website, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program,
        sign_in_by_wechat(demo, "lin") as browser,
    ):
        assert program.stdin
        assert program.stdout
        browser.stops = (callback,)
        browser.open(program.stdout.readline().strip())
        if not browser.address.startswith(callback):
            browser.submit({}, zh("Allow"))
        program.stdin.write(f"{browser.address}\n")
        program.stdin.flush()
        told = json.loads(program.stdout.readline())
    assert program.returncode == 0
    assert told["claims"]["name"] == told["userinfo"]["name"] == "小满"
    assert told["claims"]["iss"] == demo.base_url
