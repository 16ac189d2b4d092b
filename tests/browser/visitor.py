"""One person at a real browser: goes where they click, and keeps an eye on every page that they come to."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "artifacts" / "screenshots"

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
]  # fmt: skip
HEIGHTS = {390: 844, 1280: 900}

# What Chinese readers know by these letters; then what is data: names of accounts, programs and formats.
_KNOWN = "Xinyin OFD PDF QQ English MB KB GB API ID JSON CSV XLSX SM2 SES PAdES RFC CA Chrome Linux localhost https JY"
_DATA = "XML JWS Root officer approver sysadmin secadmin auditor zhouzhiyuan demo web agency xinyin sha256"
ALLOWED_WORDS = frozenset([*_KNOWN.split(), *_DATA.split()])
_WORD = re.compile(r"(?<![\w./:@-])[A-Za-z]{2,}(?![\w./:@-])")

_READ = """() => {
  const own = node => !node.closest('code, pre, .code, [lang]:not(html):not([lang^="zh"])');
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent && own(parent) && !parent.closest('script, noscript, style, template, [hidden]'))
      texts.push(walker.currentNode.textContent);
  }
  for (const element of document.querySelectorAll('[aria-label], [alt], [title], [placeholder]'))
    if (own(element)) for (const name of ['aria-label', 'alt', 'title', 'placeholder'])
      if (element.getAttribute(name)) texts.push(element.getAttribute(name));
  texts.push(document.title);
  const root = document.documentElement;
  return {
    lang: root.lang, headings: document.querySelectorAll('h1').length, texts,
    wide: Math.max(root.scrollWidth, document.body.scrollWidth), seen: root.clientWidth,
  };
}"""

_SHOW_PICTURES = """async () => {
  for (const picture of document.images) picture.loading = 'eager';
  await Promise.all([...document.images].map(picture => picture.decode()));
}"""


@dataclass
class Album:
    """Where the screenshots of one width go, numbered in the order of the story; `faults` is what was seen wrong."""

    width: int
    count: int = 0
    faults: list[str] = field(default_factory=list)

    def next_path(self, name: str) -> Path:
        """The file of the next picture."""
        self.count += 1
        folder = PICTURES / str(self.width)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.count:02d}-{name}.png"


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, context: BrowserContext, page: Page, album: Album) -> None:
        self.context, self.page, self.album = context, page, album
        self._place = "before the first page"
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: album.faults.append(f"{self._place}: script failed: {error}"))

    @classmethod
    async def arrive(cls, browser: Browser, album: Album) -> "Visitor":
        """A fresh browser, in Chinese, of the album's width."""
        viewport = {"width": album.width, "height": HEIGHTS[album.width]}
        context = await browser.new_context(locale="zh-CN", viewport=viewport)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        return cls(context, await context.new_page(), album)

    async def look(self, name: str, *, foreign: bool = False) -> None:
        """Take a picture, and check what holds for every page of ours: language, one heading, width, no English."""
        self._place = name
        await self.page.wait_for_load_state("load")
        await self.page.screenshot(path=self.album.next_path(name), full_page=True)
        if foreign:
            return
        seen = await self.page.evaluate(_READ)
        if seen["lang"] != "zh-CN":
            self._fault(f"lang is {seen['lang']!r}")
        if seen["headings"] != 1:
            self._fault(f"{seen['headings']} headings of the first level")
        if seen["wide"] > seen["seen"]:
            self._fault(f"{seen['wide']} px wide in a window of {seen['seen']} px")
        words = {word for text in seen["texts"] for word in _WORD.findall(text)} - ALLOWED_WORDS
        if words:
            self._fault(f"English left over: {', '.join(sorted(words))}")

    async def click(self, text: str) -> None:
        """Press the link or button that reads `text`, in the page's main part where it stands there."""
        for scope in ("main", "body"):
            target = self.page.locator(f"{scope} a, {scope} button, {scope} summary").filter(
                has_text=re.compile(rf"^\s*{re.escape(text)}\s*$")
            )
            if await target.count():
                await target.first.click()
                return
        raise AssertionError(f"nothing to click reads {text} on {self.page.url}")

    async def pictures(self) -> None:
        """Wait until every picture is shown; one that cannot be shown raises."""
        await self.page.wait_for_load_state("load")
        await self.page.evaluate(_SHOW_PICTURES)

    async def fill(self, **fields: str) -> None:
        """Type into fields, by the names that forms give them."""
        for name, value in fields.items():
            await self.page.fill(f"[name='{name}']", value)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._fault(f"console: {message.text}")

    def _fault(self, text: str) -> None:
        self.album.faults.append(f"{self._place}: {text}")
