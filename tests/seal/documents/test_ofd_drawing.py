"""What a page of an OFD looks like: shapes, colours, pictures, what lies over what."""

import io

import pytest
from PIL import Image

from tests.seal.documents.ofd_pages import BLACK, BLUE, GREEN, RED, WHITE, drawn, square

RED_IMAGE = '<MultiMedias><MultiMedia ID="7" Type="Image" Format="PNG"><MediaFile>red.png</MediaFile></MultiMedia></MultiMedias>'  # noqa: E501 - one element


def png(colour: tuple[int, ...], mode: str = "RGB", format: str = "PNG") -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new(mode, (8, 8), colour).save(file, format)
    return file.getvalue()


def path(data: str, attributes: str = "", colours: str = "") -> str:
    """A path on a boundary as large as the page."""
    return (
        f'<PathObject ID="5" Boundary="0 0 100 60" {attributes}>{colours}<AbbreviatedData>{data}</AbbreviatedData>'
        "</PathObject>"
    )


def test_a_square_is_filled_where_its_boundary_stands() -> None:
    sheet = drawn(square("255 0 0"))

    assert sheet.at(20, 20) == RED
    assert sheet.at(9, 20) == sheet.at(31, 20) == WHITE


def test_lines_have_their_width_and_colour() -> None:
    sheet = drawn(path("M 10 30 L 90 30", 'LineWidth="4"', '<StrokeColor Value="0 0 255"/>'))

    assert sheet.at(50, 31.5) == BLUE
    assert sheet.at(50, 33) == WHITE


def test_a_line_without_a_colour_is_black_and_thin() -> None:
    assert 0 < drawn(path("M 10 30 L 90 30")).ink(10, 29, 90, 31) < 0.3


def test_a_path_to_be_filled_without_a_colour_stays_transparent() -> None:
    sheet = drawn(path("M 20 10 L 80 10 L 80 50 L 20 50 C", 'Fill="true" LineWidth="2"'))

    assert sheet.at(50, 30) == WHITE
    assert sheet.at(20, 30) == BLACK


def test_dashes_leave_gaps() -> None:
    sheet = drawn(path("M 0 30 L 100 30", 'LineWidth="4" DashPattern="10 10"'))

    assert (sheet.at(5, 30), sheet.at(15, 30), sheet.at(25, 30)) == (BLACK, WHITE, BLACK)


@pytest.mark.parametrize(
    ("data", "inside", "outside"),
    [
        ("M 30 30 A 20 20 0 1 1 70 30 A 20 20 0 1 1 30 30 C", (50, 30), (33, 13)),
        ("M 30 30 A 20 10 0 0 1 70 30 C", (50, 24), (50, 32)),
        ("M 30 30 A 20 10 0 0 0 70 30 C", (50, 36), (50, 28)),
        ("M 20 50 Q 50 -10 80 50 C", (50, 30), (25, 25)),
        ("M 20 50 B 20 10 80 10 80 50 C", (50, 30), (50, 15)),
        ("S 20 20 L 80 20 L 80 40 L 20 40 C", (50, 30), (50, 45)),
    ],
)
def test_every_operator_of_path_data_is_drawn(data: str, inside: tuple[int, int], outside: tuple[int, int]) -> None:
    sheet = drawn(path(data, 'Fill="true" Stroke="false"', '<FillColor Value="255 0 0"/>'))

    assert sheet.at(*inside) == RED
    assert sheet.at(*outside) == WHITE


@pytest.mark.parametrize(("rule", "middle"), [("NonZero", RED), ("Even-Odd", WHITE)])
def test_a_rule_says_what_lies_inside(rule: str, middle: tuple[int, int, int]) -> None:
    squares = "M 20 10 L 60 10 L 60 50 L 20 50 C M 30 20 L 50 20 L 50 40 L 30 40 C"
    sheet = drawn(path(squares, f'Fill="true" Stroke="false" Rule="{rule}"', '<FillColor Value="255 0 0"/>'))

    assert sheet.at(40, 30) == middle
    assert sheet.at(25, 30) == RED


def test_a_transform_is_applied_before_the_boundary() -> None:
    sheet = drawn(square("255 0 0", attributes='CTM="0.5 0 0 0.5 5 0"'))

    assert sheet.at(20, 15) == RED
    assert sheet.at(12, 15) == sheet.at(20, 25) == WHITE


def test_transparency_lets_what_is_below_through() -> None:
    red, green, blue = drawn(square("255 0 0") + square("0 0 255", attributes='Alpha="128"')).at(20, 20)

    assert (green, abs(red - 127) <= 2, abs(blue - 128) <= 2) == (0, True, True)


@pytest.mark.parametrize(
    ("space", "value", "colour"),
    [
        ("", "0 255 0", GREEN),
        ("", "#FF #0 #0", RED),
        ('<ColorSpace ID="9" Type="GRAY"/>', "0", BLACK),
        ('<ColorSpace ID="9" Type="CMYK"/>', "0 255 255 0", RED),
        ('<ColorSpace ID="9" Type="RGB" BitsPerComponent="4"/>', "15 0 0", RED),
    ],
)
def test_colours_are_read_in_their_space(space: str, value: str, colour: tuple[int, int, int]) -> None:
    body = square(value).replace("<FillColor", '<FillColor ColorSpace="9"')

    assert drawn(body, public=f"<ColorSpaces>{space}</ColorSpaces>").at(20, 20) == colour


def test_drawing_parameters_are_inherited_from_each_other_and_from_the_layer() -> None:
    parameters = (
        '<DrawParams><DrawParam ID="8" LineWidth="6"><StrokeColor Value="255 0 0"/></DrawParam>'
        '<DrawParam ID="9" Relative="8"><StrokeColor Value="0 0 255"/></DrawParam></DrawParams>'
    )

    own = drawn(path("M 10 30 L 90 30", 'DrawParam="9"'), public=parameters)
    layers = drawn(path("M 10 30 L 90 30"), public=parameters, layer='DrawParam="8"')

    assert own.at(50, 32) == BLUE
    assert layers.at(50, 32) == RED


def test_parameters_that_inherit_from_each_other_in_a_circle_end() -> None:
    circle = '<DrawParams><DrawParam ID="8" Relative="9"/><DrawParam ID="9" Relative="8" LineWidth="6"/></DrawParams>'

    assert drawn(path("M 10 30 L 90 30", 'DrawParam="8"'), public=circle).at(50, 32) == BLACK


def test_a_clip_shows_only_what_is_inside() -> None:
    clip = (
        '<Clips><Clip><Area><Path ID="6" Boundary="0 0 10 20"><AbbreviatedData>M 0 0 L 10 0 L 10 20 L 0 20 C'
        "</AbbreviatedData></Path></Area></Clip></Clips>"
    )
    sheet = drawn(square("255 0 0").replace("<FillColor", clip + "<FillColor"))

    assert sheet.at(15, 20) == RED
    assert sheet.at(25, 20) == WHITE


def test_a_gradient_runs_from_its_first_colour_to_its_last() -> None:
    gradient = (
        '<FillColor><AxialShd StartPoint="0 0" EndPoint="20 0"><Segment Position="0"><Color Value="255 0 0"/></Segment>'
        '<Segment Position="1"><Color Value="0 0 255"/></Segment></AxialShd></FillColor>'
    )
    sheet = drawn(square("0 0 0").replace('<FillColor Value="0 0 0"/>', gradient))

    assert sheet.at(11, 20)[0] > 230
    assert sheet.at(29, 20)[2] > 230
    assert abs(sheet.at(20, 20)[0] - 127) < 12


def test_a_radial_gradient_runs_outwards() -> None:
    gradient = (
        '<FillColor><RadialShd StartPoint="10 10" StartRadius="0" EndPoint="10 10" EndRadius="10">'
        '<Segment><Color Value="255 0 0"/></Segment><Segment><Color Value="0 0 255"/></Segment></RadialShd></FillColor>'
    )
    sheet = drawn(square("0 0 0").replace('<FillColor Value="0 0 0"/>', gradient))

    assert sheet.at(20, 20)[0] > 240
    assert sheet.at(29, 20)[2] > 220
    assert sheet.at(10.6, 10.6) == WHITE


def test_a_mesh_of_triangles_is_filled() -> None:
    points = "".join(
        f'<Point X="{x}" Y="{y}" EdgeFlag="0"><Color Value="0 0 255"/></Point>' for x, y in ((0, 0), (20, 0), (0, 20))
    )
    mesh = f"<FillColor><GouraudShd>{points}</GouraudShd></FillColor>"
    sheet = drawn(square("0 0 0").replace('<FillColor Value="0 0 0"/>', mesh))

    assert sheet.at(15, 15) == BLUE
    assert sheet.at(28, 28) == WHITE


def test_a_pattern_is_repeated() -> None:
    cell = square("255 0 0", x=0, y=0, side=2)
    pattern = f'<FillColor><Pattern Width="4" Height="4"><CellContent>{cell}</CellContent></Pattern></FillColor>'
    sheet = drawn(square("0 0 0").replace('<FillColor Value="0 0 0"/>', pattern, 1))

    assert sheet.at(11, 11) == sheet.at(15, 15) == sheet.at(27, 11) == RED
    assert sheet.at(13, 13) == WHITE


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "GIF", "TIFF"])
def test_pictures_of_every_usual_kind_are_shown(format: str) -> None:
    body = '<ImageObject ID="6" Boundary="10 10 20 20" CTM="20 0 0 20 0 0" ResourceID="7"/>'
    sheet = drawn(body, public=RED_IMAGE, files={"Doc_0/Res/red.png": png((255, 0, 0), format=format)})

    assert sheet.at(20, 20)[0] > 250
    assert sheet.at(20, 20)[1] < 5
    assert sheet.at(31, 20) == WHITE


def test_a_picture_stands_upright() -> None:
    picture = Image.new("RGB", (2, 2), "white")
    picture.putpixel((0, 0), RED)
    file = io.BytesIO()
    picture.resize((64, 64), Image.Resampling.NEAREST).save(file, "PNG")
    body = '<ImageObject ID="6" Boundary="10 10 20 20" CTM="20 0 0 20 0 0" ResourceID="7"/>'
    sheet = drawn(body, public=RED_IMAGE, files={"Doc_0/Res/red.png": file.getvalue()})

    assert sheet.at(14, 14) == RED
    assert sheet.at(26, 26) == WHITE


def test_see_through_pixels_show_what_is_below() -> None:
    body = square("0 0 255") + '<ImageObject ID="6" Boundary="10 10 20 20" CTM="20 0 0 20 0 0" ResourceID="7"/>'
    sheet = drawn(body, public=RED_IMAGE, files={"Doc_0/Res/red.png": png((255, 0, 0, 0), "RGBA")})

    assert sheet.at(20, 20) == BLUE


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x97JB2\r\n\x1a\n\x01\x00\x00\x00\x01", b"\x89PNG\r\n\x1a\n"])
def test_a_picture_that_cannot_be_read_leaves_the_rest_of_the_page(data: bytes) -> None:
    body = '<ImageObject ID="6" Boundary="50 10 20 20" CTM="20 0 0 20 0 0" ResourceID="7"/>' + square("255 0 0")

    assert drawn(body, public=RED_IMAGE, files={"Doc_0/Res/red.png": data}).at(20, 20) == RED


def test_a_composite_is_drawn_where_it_is_used() -> None:
    unit = f'<CompositeGraphicUnits><CompositeGraphicUnit ID="9" Width="30" Height="30"><Content>{square("255 0 0")}</Content></CompositeGraphicUnit></CompositeGraphicUnits>'  # noqa: E501 - one element
    sheet = drawn('<CompositeObject ID="6" Boundary="40 0 30 30" ResourceID="9"/>', public=unit)

    assert sheet.at(60, 20) == RED
    assert sheet.at(20, 20) == WHITE


def test_layers_lie_over_each_other_by_their_type_not_their_order() -> None:
    page = square("255 0 0") + '</Layer><Layer ID="3" Type="Background">' + square("0 0 255", side=25)
    sheet = drawn(page, layer='Type="Foreground"')

    assert sheet.at(20, 20) == RED
    assert sheet.at(33, 33) == BLUE


def test_what_is_invisible_is_not_drawn() -> None:
    assert drawn(square("255 0 0", attributes='Visible="false"')).at(20, 20) == WHITE


@pytest.mark.parametrize(("order", "above"), [("Background", RED), ("Foreground", BLUE)])
def test_a_template_lies_below_or_above_the_page(order: str, above: tuple[int, int, int]) -> None:
    template = f'<Page xmlns="http://www.ofdspec.org/2016"><Content><Layer ID="20">{square("0 0 255")}</Layer></Content></Page>'  # noqa: E501 - one element
    sheet = drawn(
        square("255 0 0"),
        common='<TemplatePage ID="30" BaseLoc="Tpls/Content.xml"/>',
        page=f'<Template TemplateID="30" ZOrder="{order}"/>',
        files={"Doc_0/Tpls/Content.xml": template.encode()},
    )

    assert sheet.at(20, 20) == above


@pytest.mark.parametrize(("visible", "colour"), [("true", BLUE), ("false", RED)])
def test_annotations_lie_over_the_page(visible: str, colour: tuple[int, int, int]) -> None:
    listed = '<Annotations xmlns="http://www.ofdspec.org/2016"><Page PageID="1"><FileLoc>Page_0.xml</FileLoc></Page></Annotations>'  # noqa: E501 - one element
    mark = f'<PageAnnot xmlns="http://www.ofdspec.org/2016"><Annot ID="40" Type="Path" Visible="{visible}"><Appearance Boundary="10 10 20 20">{square("0 0 255", x=0, y=0)}</Appearance></Annot></PageAnnot>'  # noqa: E501 - one element
    sheet = drawn(
        square("255 0 0"),
        document="<Annotations>Annots/Annotations.xml</Annotations>",
        files={"Doc_0/Annots/Annotations.xml": listed.encode(), "Doc_0/Annots/Page_0.xml": mark.encode()},
    )

    assert sheet.at(20, 20) == colour
