"""The sandbox's own pages: plain HTML with a banner that nobody can overlook, apart from the product's design."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

_HERE = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def render(request: Request, template: str, **context: object) -> HTMLResponse:
    """Answer with a page. Providers answer 200 to everything, so do we. `root` prefixes every address on the page."""
    html = _templates.get_template(template).render(root=request.scope.get("root_path", ""), **context)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def static_mount() -> Mount:
    """The style sheet and the QR page's script."""
    return Mount("/sandbox/static", StaticFiles(directory=_HERE / "static"))
