"""Pages made to cost time or memory, or to break a reader: a named error or a picture, within seconds."""

import time
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.rendering import painter
from seal.documents.ofd.rendering.canvas import TooComplex
from seal.documents.ofd.rendering.page import PageMissing, render_page
from seal.documents.ofd.rendering.paths import read_path
from tests.seal.documents.ofd_pages import RED, drawn, page_files, seen, square
from tests.seal.ofd_samples import minimal_ofd, zipped


def test_a_composite_that_contains_itself_is_refused() -> None:
    unit = '<CompositeGraphicUnits><CompositeGraphicUnit ID="9" Width="9" Height="9"><Content><CompositeObject ID="8" Boundary="0 0 9 9" ResourceID="9"/></Content></CompositeGraphicUnit></CompositeGraphicUnits>'  # noqa: E501 - one element

    with pytest.raises(TooComplex):
        drawn('<CompositeObject ID="6" Boundary="0 0 9 9" ResourceID="9"/>', public=unit)


def test_composites_that_multiply_are_refused_in_time() -> None:
    """Ten of each in ten of each, ten times over."""
    units = "".join(
        f'<CompositeGraphicUnit ID="{100 + level}" Width="9" Height="9"><Content>'
        + f'<CompositeObject ID="8" Boundary="0 0 9 9" ResourceID="{101 + level}"/>' * 10
        + "</Content></CompositeGraphicUnit>"
        for level in range(10)
    )
    started = time.monotonic()

    with pytest.raises(TooComplex):
        drawn(
            '<CompositeObject ID="6" Boundary="0 0 9 9" ResourceID="100"/>',
            public=f"<CompositeGraphicUnits>{units}</CompositeGraphicUnits>",
        )
    assert time.monotonic() - started < 25


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(TooComplex):
        drawn("<PageBlock>" * 60 + square("255 0 0") + "</PageBlock>" * 60)


def test_a_pattern_of_very_many_cells_is_left_out() -> None:
    pattern = f'<FillColor><Pattern Width="0.01" Height="0.01"><CellContent>{square("255 0 0")}</CellContent></Pattern></FillColor>'  # noqa: E501 - one element

    assert drawn(square("0 0 0").replace('<FillColor Value="0 0 0"/>', pattern, 1)).ink(0, 0, 100, 60) == 0


@pytest.mark.parametrize("box", ["0 0 9e9 9e9", "0 0 0 0", "0 0 -5 5", "x", "0 0 nan nan"])
def test_a_page_of_an_impossible_size_is_shown_as_another(box: str) -> None:
    files = page_files(square("255 0 0"))
    files["Doc_0/Document.xml"] = files["Doc_0/Document.xml"].replace(b"0 0 100 60", box.encode())

    assert seen(files).at(20, 20) == RED


def test_the_largest_page_stays_a_picture_of_a_sensible_size() -> None:
    files = page_files("")
    files["Doc_0/Document.xml"] = files["Doc_0/Document.xml"].replace(b"0 0 100 60", b"0 0 5000 5000")

    width, height = seen(files).image.size

    assert width * height < 21_000_000


@pytest.mark.parametrize("page", [0, -1, 2, 10**9])
def test_a_page_that_is_not_there_is_named(page: int) -> None:
    with pytest.raises(PageMissing):
        render_page(minimal_ofd(), page)


def test_a_page_whose_file_is_missing_is_named() -> None:
    files = page_files("")
    del files["Doc_0/Pages/Page_0/Content.xml"]

    with pytest.raises(UnreadablePackage, match="no file"):
        seen(files)


def test_an_annotation_that_cannot_be_read_leaves_the_page() -> None:
    sheet = drawn(
        square("255 0 0"),
        document="<Annotations>Annots/Annotations.xml</Annotations>",
        files={"Doc_0/Annots/Annotations.xml": b"<broken"},
    )

    assert sheet.at(20, 20) == RED


def test_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(10**9))
    monkeypatch.setattr(painter.time, "monotonic", lambda: float(next(moments) * 30))

    with pytest.raises(TooComplex):
        drawn(square("255 0 0") * 200)


NAMES = st.sampled_from(
    ["TextObject", "PathObject", "ImageObject", "CompositeObject", "PageBlock", "TextCode", "CGTransform", "Glyphs",
     "FillColor", "StrokeColor", "AxialShd", "RadialShd", "GouraudShd", "LaGourandShd", "Pattern", "CellContent",
     "Segment", "Point", "Color", "AbbreviatedData", "Clips", "Clip", "Area", "Path"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["0", "1", "-1", "9", "1e300", "nan", "inf", "", "true", "0 0 20 20", "1 0 0 1 0 0", "0 0 0 0 0 0", "g 9 1",
         "g 999999999 1", "#FF 0 0", "255 0 0", "M 0 0 L 9 9 C", "A 1 1 0 1 1 5 5", "Even-Odd", "5 5 5"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=12),
)  # fmt: skip
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["ID", "Boundary", "CTM", "Alpha", "Font", "Size", "X", "Y", "DeltaX", "DeltaY", "Value", "ColorSpace",
         "StartPoint", "EndPoint", "EndRadius", "StartRadius", "Extend", "MapType", "MapUnit", "Width", "Height",
         "XStep", "Fill", "Stroke", "Rule", "LineWidth", "DashPattern", "ResourceID", "CodePosition", "CodeCount",
         "HScale", "CharDirection", "ReadDirection", "DrawParam", "Position", "VerticesPerRow", "Visible", "Weight"]
    ),
    VALUES,
    max_size=6,
)  # fmt: skip
ELEMENTS = st.recursive(
    st.tuples(NAMES, ATTRIBUTES, VALUES),
    lambda inner: st.tuples(NAMES, ATTRIBUTES, st.lists(inner, max_size=4)),
    max_leaves=12,
)


def _xml(element: tuple[str, dict[str, str], object]) -> str:
    name, attributes, content = element
    listed = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    inner = "".join(map(_xml, content)) if isinstance(content, list) else str(content)
    inner = inner if isinstance(content, list) else inner.replace("&", "&amp;").replace("<", "&lt;")
    return f"<{name}{listed}>{inner}</{name}>"


@settings(max_examples=150, deadline=None)
@given(st.lists(ELEMENTS, min_size=1, max_size=4))
def test_any_elements_in_any_order_are_a_picture_or_a_named_error(
    elements: list[tuple[str, dict[str, str], object]],
) -> None:
    data = zipped(page_files("".join(map(_xml, elements))))

    try:
        assert render_page(data, 1, 30).startswith(b"\x89PNG")
    except InvalidInput:
        pass


@given(st.text(st.sampled_from("SMLQBACZz 0123456789.-e,\u0660"), max_size=80))
def test_any_path_data_is_read_as_far_as_it_goes(data: str) -> None:
    for operator, numbers in read_path(data):
        assert len(numbers) == {"m": 2, "l": 2, "c": 6, "h": 0}[operator]
