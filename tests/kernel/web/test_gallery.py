"""Every component in both languages, and readable: labels, contrast, nothing inline."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from kernel.web import templates
from tests.kernel.web.gallery import create_app

STATIC = Path(templates.__file__).parent / "static/kernel"
PAIRS = [
    ("ink", "paper"), ("ink", "surface"), ("ink", "sunken"), ("ink-soft", "paper"), ("ink-soft", "surface"),
    ("ink-soft", "sunken"), ("accent", "paper"), ("accent", "surface"), ("accent", "accent-soft"),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("ok", "ok-soft"), ("warn", "warn-soft"),
    ("warn", "paper"), ("stop", "surface"), ("on-stop", "stop"), ("unknown", "unknown-soft"),
]  # fmt: skip


async def gallery(language: str) -> str:
    transport = httpx.ASGITransport(create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/gallery", headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


class Outline(HTMLParser):
    """Ids, what labels and descriptions point at, and the names of fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.pointed: set[str] = set()
        self.labelled: set[str] = set()
        self.fields: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.attributes |= set(given)
        self.ids += [given["id"]] if "id" in given else []
        self.pointed |= {
            each for name in ("aria-describedby", "aria-labelledby") for each in given.get(name, "").split()
        }
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"])
        if tag in {"input", "select", "textarea"} and given.get("type") not in {"hidden", "radio", "checkbox"}:
            self.fields.append(given["id"])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_field_has_a_label_and_every_reference_a_target(language: str) -> None:
    outline = Outline(await gallery(language))
    assert set(outline.fields) <= outline.labelled
    assert outline.pointed <= set(outline.ids)
    named = [each for each in outline.ids if each != "verdict-title"]  # the gallery alone shows two verdicts
    assert len(named) == len(set(named))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_nothing_is_inline(language: str) -> None:
    text = await gallery(language)
    assert not {each for each in Outline(text).attributes if each == "style" or each.startswith("on")}
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)", text)


async def test_each_language_says_its_own_words() -> None:
    assert "选择文件" in await gallery("zh-CN")
    assert "Choose a file" in await gallery("en")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(theme: str, text: str, ground: str) -> None:
    """WCAG 2.2 §1.4.3: 4.5 to 1."""
    sheet = (STATIC / "tokens.css").read_text()
    block = sheet.split(':root[data-theme="dark"] {')[1] if theme == "dark" else sheet.split("@media")[0]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    bright, dim = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_the_dark_theme_is_the_same_by_choice_and_by_preference() -> None:
    by_preference, by_choice = re.findall(r"color-scheme: dark;(.*?)\}", (STATIC / "tokens.css").read_text(), re.DOTALL)
    assert by_preference.split() == by_choice.split()


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
