"""A picture fit for the public, a photo or a logo: it is drawn again, without anything else from
the file.

That removes what a phone stores beside the picture (where it was taken, the camera, a thumbnail
from before it was cropped) and anything hidden in the file or appended to it.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from statemachine.rules.proof_of_service import PhotoRefused

if TYPE_CHECKING:
    from PIL import Image

LARGEST_PHOTO = 10_000_000
"""Bytes; a phone's photo has 2 to 6 million."""
MOST_PIXELS = 50_000_000
MOST_PIXELS_WHOLE = 25_000_000
"""For PNG and WebP, which cannot be decoded at a smaller size; WebP takes 16 bytes a pixel."""
LONGEST_SIDE = 1600
LOGO_BOX = (480, 120)
"""Pixels: three times what pages show."""
QUALITY = 82
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
What = Literal["photo", "logo"]
HEIC = frozenset({"image/heic", "image/heif"})
UNREADABLE: dict[What, str] = {
    "photo": "the photo cannot be read; take it again as JPEG",
    "logo": "the logo is no picture that can be read; save it as PNG or JPEG (SVG is not accepted)",
}


def check_announced(media_type: str, size: int) -> None:
    """Raises PhotoRefused for a photo that would be refused after its upload."""
    if media_type in HEIC:
        raise PhotoRefused(
            "heic",
            "HEIC cannot be shown everywhere; choose JPEG (iPhone: Settings, Camera, Formats, "
            "Most Compatible)",
        )
    if media_type not in FORMATS:
        raise PhotoRefused("format", "a photo is JPEG, PNG or WebP; choose one of these")
    if size > LARGEST_PHOTO:
        most = LARGEST_PHOTO // 1_000_000
        raise PhotoRefused("large", f"a photo has at most {most} MB; choose a smaller size")


@dataclass(frozen=True)
class DrawnLogo:
    """A PNG on white, so that it can be read on dark pages too; its size is in pixels."""

    png: bytes
    width: int
    height: int


def redrawn(raw: bytes) -> bytes:
    """The photo alone, as a JPEG. Raises PhotoRefused."""
    photo = _drawn_again(raw, (LONGEST_SIDE, LONGEST_SIDE), "photo")
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def redrawn_logo(raw: bytes) -> DrawnLogo:
    """The logo alone, within LOGO_BOX. Raises PhotoRefused."""
    logo = _drawn_again(raw, LOGO_BOX, "logo")
    out = io.BytesIO()
    logo.save(out, "PNG", optimize=True)
    return DrawnLogo(out.getvalue(), logo.width, logo.height)


def _drawn_again(raw: bytes, box: tuple[int, int], what: What) -> "Image.Image":
    """The picture within `box`. The decoder is one of `FORMATS`, chosen by the bytes themselves,
    not by what they are said to be."""
    from PIL import Image  # here, so that only these routes pay for the import

    try:
        with Image.open(io.BytesIO(raw), formats=tuple(FORMATS.values())) as picture:
            return _upright_on_white(picture, box, what)
    except PhotoRefused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(MOST_PIXELS, what) from error
    # Pillow's decoders raise all kinds of errors for a damaged or hostile file.
    except Exception as error:
        raise PhotoRefused("unreadable", UNREADABLE[what]) from error


def _upright_on_white(picture: "Image.Image", box: tuple[int, int], what: What) -> "Image.Image":
    from PIL import Image, ImageOps

    most = MOST_PIXELS_WHOLE if picture.format in ("PNG", "WEBP") else MOST_PIXELS
    if picture.width * picture.height > most:
        raise _too_many_pixels(most, what)
    square = (max(box), max(box))
    picture.draft("RGB", square)  # a JPEG is decoded at a smaller size
    picture.thumbnail(square)
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(box)
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=upright)
    return plain


def _too_many_pixels(most: int, what: What) -> PhotoRefused:
    text = f"a {what} has at most {most // 1_000_000} million pixels; choose a smaller size"
    return PhotoRefused("large", text)
