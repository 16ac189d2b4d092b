"""The offline page as one HTML file that needs no server: modules, styles and the trust pack inside it.

Browsers load no modules beside a file on a disk, so ours become functions in one script, in the order of their imports.
The file's own policy names the digests of that script and of the styles, so nothing else in it can run.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_IMPORT = re.compile(r'^import (?:\{([^}]+)\} from )?"\./([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)

ReadFile = Callable[[str], str]
"""Gives the text of a static file by its name."""


@dataclass(frozen=True)
class SingleFile:
    """What goes into the template: texts, and the digests that its policy names."""

    script: str
    style: str

    @property
    def policy(self) -> Mapping[str, str]:
        """CSP sources of the script and of the styles."""
        return {"script": _source(self.script), "style": _source(self.style)}


def bundle(entry: str, styles: tuple[str, ...], read: ReadFile) -> SingleFile:
    """The module `entry` with all that it imports, and these style sheets one after the other."""
    return SingleFile(script=script_of(entry, read), style="\n".join(map(read, styles)))


def script_of(entry: str, read: ReadFile) -> str:
    """One strict classic script. Imports stay within the entry's folder; files below `vendor/` are scripts already."""
    folder = entry.rpartition("/")[0]
    done: dict[str, str] = {}

    def add(name: str) -> None:
        if name in done:
            return
        text = read(f"{folder}/{name}")
        if name.startswith("vendor/"):
            done[name] = text
            return
        for _names, imported in _IMPORT.findall(text):
            add(imported)
        done[name] = _as_function(name, text)

    add(entry.rpartition("/")[2])
    # A closing tag inside the script would end it in HTML.
    return "const modules = {};\n" + "\n".join(done.values()).replace("</", "<\\/")


def _as_function(name: str, text: str) -> str:
    exported = ", ".join(match[1] for match in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1 \2", text)
    body = _IMPORT.sub(lambda found: f'const {{{found[1]}}} = modules["{found[2]}"];\n' if found[1] else "", body)
    return f'modules["{name}"] = (() => {{\n"use strict";\n{body}return {{ {exported} }};\n}})();'


def _source(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
