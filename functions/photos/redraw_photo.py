"""A photo fit for the public: the picture is drawn again, without anything else from the file.

That removes what a phone stores beside the picture (where it was taken, the camera, a thumbnail
from before it was cropped) and anything hidden in the file or appended to it.
"""

import io
from typing import TYPE_CHECKING

from statemachine.proof_of_service import PhotoRefused

if TYPE_CHECKING:
    from PIL import Image

LARGEST_PHOTO = 10_000_000
"""Bytes; a phone's photo has 2 to 6 million."""
MOST_PIXELS = 50_000_000
MOST_PIXELS_WHOLE = 25_000_000
"""For PNG and WebP, which cannot be decoded at a smaller size; WebP takes 16 bytes a pixel."""
LONGEST_SIDE = 1600
QUALITY = 82
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
HEIC = frozenset({"image/heic", "image/heif"})


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


def redrawn(raw: bytes) -> bytes:
    """The picture alone, as a JPEG. Raises PhotoRefused.

    The decoder is one of `FORMATS`, chosen by the bytes themselves, not by the announced type.
    """
    from PIL import Image  # here, so that only this route pays for the import

    try:
        with Image.open(io.BytesIO(raw), formats=tuple(FORMATS.values())) as picture:
            return _drawn_again(picture)
    except PhotoRefused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(MOST_PIXELS) from error
    # Pillow's decoders raise all kinds of errors for a damaged or hostile file.
    except Exception as error:
        text = "the photo cannot be read; take it again as JPEG"
        raise PhotoRefused("unreadable", text) from error


def _drawn_again(picture: "Image.Image") -> bytes:
    from PIL import Image, ImageOps

    most = MOST_PIXELS_WHOLE if picture.format in ("PNG", "WEBP") else MOST_PIXELS
    if picture.width * picture.height > most:
        raise _too_many_pixels(most)
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded at a smaller size
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=upright)
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _too_many_pixels(most: int) -> PhotoRefused:
    text = f"a photo has at most {most // 1_000_000} million pixels; choose a smaller size"
    return PhotoRefused("large", text)
