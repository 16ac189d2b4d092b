"""The seal's picture as PDF objects: one image, shared by every place that shows it."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from kernel.errors import InvalidInput
from seal.documents.pdf.geometry import PageFrame
from seal.documents.pdf.objects import PdfObject, array, dictionary, name, number, stream
from seal.documents.positions import StampPosition

_MAX_PIXELS = 4096 * 4096
IMAGE_NAME = "/XinyinSeal"


@dataclass(frozen=True)
class Samples:
    """Pixels as PDF wants them: colour and transparency apart, each deflated."""

    width: int
    height: int
    colour: bytes
    alpha: bytes


@lru_cache(maxsize=64)
def samples_of(picture: bytes) -> Samples:
    """The picture's pixels, or InvalidInput; kept, since one seal goes onto many documents."""
    try:
        with Image.open(BytesIO(picture)) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise InvalidInput("The seal's picture is too large.")
            pixels = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as failure:
        raise InvalidInput("The seal's picture cannot be read.", reason=type(failure).__name__) from failure
    alpha = pixels.getchannel("A")
    colour = pixels.convert("RGB")
    return Samples(*pixels.size, zlib.compress(colour.tobytes(), 9), zlib.compress(alpha.tobytes(), 9))


def add_image(writer: BasePdfFileWriter, picture: bytes) -> PdfObject:
    """Write the picture as an image XObject with a soft mask (ISO 32000-1 §8.9, §11.6.5.3); gives its reference."""
    samples = samples_of(picture)
    mask = writer.add_object(_image(samples, samples.alpha, "/DeviceGray"))
    image = _image(samples, samples.colour, "/DeviceRGB")
    image["/SMask"] = mask
    return writer.add_object(image)


def _image(samples: Samples, encoded: bytes, colour_space: str) -> PdfObject:
    entries = {
        "/Type": name("/XObject"),
        "/Subtype": name("/Image"),
        "/Width": number(samples.width),
        "/Height": number(samples.height),
        "/ColorSpace": name(colour_space),
        "/BitsPerComponent": number(8),
        "/Filter": name("/FlateDecode"),
    }
    return stream(encoded, entries)


def resources(image: PdfObject) -> PdfObject:
    """A resource dictionary that knows the image by `IMAGE_NAME`."""
    return dictionary({"/XObject": dictionary({IMAGE_NAME: image})})


def page_content(frame: PageFrame, position: StampPosition) -> PdfObject:
    """`page_operators` as a stream."""
    return stream(page_operators(frame, position))


def page_operators(frame: PageFrame, position: StampPosition) -> bytes:
    """Operators that draw the picture, or a slice of it, onto the page itself."""
    clip = ""
    if position.clip_width_mm is not None:
        share = position.clip_x_mm / position.width_mm, position.clip_width_mm / position.width_mm
        clip = f"{share[0]:.5f} 0 {share[1]:.5f} 1 re W n "
    return f"q {_matrix(frame, position)} cm {clip}{IMAGE_NAME} Do Q".encode()


def widget_appearance(image: PdfObject, frame: PageFrame, position: StampPosition) -> PdfObject:
    """The form XObject of a signature field's widget, upright as the page is seen."""
    entries = {
        "/Type": name("/XObject"),
        "/Subtype": name("/Form"),
        "/BBox": array(frame.rectangle(position)),
        "/Resources": resources(image),
    }
    return stream(widget_operators(frame, position), entries)


def widget_operators(frame: PageFrame, position: StampPosition) -> bytes:
    """Operators that draw the picture as a widget shows it."""
    return f"q {_matrix(frame, position)} cm {IMAGE_NAME} Do Q".encode()


def _matrix(frame: PageFrame, position: StampPosition) -> str:
    return " ".join(f"{each:.4f}" for each in frame.matrix(position))
