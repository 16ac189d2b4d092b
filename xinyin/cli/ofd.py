"""`xinyin ofd`: what an OFD holds and how it looks, with no server."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seal.documents.ofd.document import load_documents, load_pages
from seal.documents.ofd.package import OfdPackage
from seal.documents.preview import page_picture
from xinyin.cli.console import AsJson, fail, out, show

app = typer.Typer(help="OFD files.", no_args_is_help=True)

OfdFile = Annotated[Path, typer.Argument(metavar="FILE", help="An OFD file.")]


@app.command()
def render(
    file: OfdFile,
    target: Annotated[Path, typer.Option("--output", "-o", help="The picture, a PNG.")] = Path("page.png"),
    page: Annotated[int, typer.Option(min=1, help="Which page, from 1.")] = 1,
    dpi: Annotated[float, typer.Option(min=24, max=300, help="Dots an inch.")] = 150,
) -> None:
    """Draw a page, with its seals, as a picture. A picture proves nothing: see `xinyin verify`."""
    target.write_bytes(page_picture(_read(file), "ofd", page, dpi))
    out.print(str(target), markup=False)


@app.command()
def info(file: OfdFile, as_json: AsJson = False) -> None:
    """The documents in a file, their pages and signatures."""
    package = OfdPackage.read(_read(file))
    rows: list[dict[str, Any]] = [
        {
            "document": document.document_file,
            "pages": len(load_pages(package, document.document_file)),
            "signatures": len(document.signatures),
        }
        for document in load_documents(package)
    ]
    show(rows, as_json)


def _read(file: Path) -> bytes:
    if not file.is_file():
        fail(f"there is no file {file}", 2)
    return file.read_bytes()
