"""Debian's Apache on a spare port, with the sign-in modules that agencies put in front of old applications."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.demo_house import Demo
from tests.servers import spare_port

PROGRAM = "/usr/sbin/apache2"
MODULES = Path("/usr/lib/apache2/modules")
WANTED = ("mod_auth_openidc", "mod_auth_cas")
START_SECONDS = 30

_COMMON = """
ServerRoot "{folder}"
ServerName 127.0.0.1:{port}
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
ErrorLog "{folder}/error.log"
LogLevel info
Mutex file:{folder} default
DefaultRuntimeDir "{folder}"
DocumentRoot "{folder}/pages"
User {user}
Group {group}
{modules}
Header always set X-Person "expr=%{{REMOTE_USER}}"
DirectoryIndex index.html
<Location />
  Require all granted
</Location>
{more}
"""


def is_there() -> bool:
    """Whether Apache and its modules are on this machine."""
    return shutil.which(PROGRAM) is not None and all((MODULES / f"{each}.so").exists() for each in WANTED)


@dataclass(frozen=True)
class Apache:
    """A running server. Pages lie in `pages`, everything else beside them."""

    folder: Path
    port: int

    @property
    def origin(self) -> str:
        """Its address. Not `localhost`, where the demo is: browsers send cookies to every port of a host."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has to say."""
        return (self.folder / "error.log").read_text(errors="replace")


@contextmanager
def running_apache(demo: Demo, prepare: Callable[[Demo, "Apache"], str]) -> Iterator[Apache]:
    """Have `prepare` register the applications and write the configuration; then serve."""
    folder = Path(tempfile.mkdtemp(prefix="xinyin-apache-"))
    folder.chmod(0o755)
    apache = Apache(folder, spare_port())
    for name in ("oidc", "cas"):
        (folder / "pages" / name).mkdir(parents=True)
        (folder / "pages" / name / "index.html").write_text(f"<h1>{name}</h1>")
    more = prepare(demo, apache)
    (folder / "httpd.conf").write_text(_configuration(apache, more))
    command = [PROGRAM, "-d", str(folder), "-f", str(folder / "httpd.conf"), "-DFOREGROUND"]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)  # it ends its whole group
    try:
        _await_ready(apache, process)
        yield apache
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _configuration(apache: Apache, more: str) -> str:
    usual = ["mpm_prefork", "authn_core", "authz_core", "authz_user", "dir", "headers", "auth_openidc", "auth_cas"]
    modules = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in usual]
    user, group = ("www-data", "www-data") if os.getuid() == 0 else (f"#{os.getuid()}", f"#{os.getgid()}")
    return _COMMON.format(
        folder=apache.folder, port=apache.port, user=user, group=group, modules="\n".join(modules), more=more
    )


def _await_ready(apache: Apache, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, (apache.folder / "out").read_text() + apache.log
        try:
            httpx.get(apache.origin)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"Apache did not start: {apache.log}")
