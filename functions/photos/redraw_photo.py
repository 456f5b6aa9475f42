"""A photo as anybody may see it: the picture alone, drawn again, and nothing else of the file.

What a phone writes into a file beside the picture (where it was taken, by which camera, a small
copy of it before it was cropped) goes, and whatever someone has hidden in it or hung on its end.
"""

import io
from typing import TYPE_CHECKING

from statemachine.proof_of_service import PhotoRefused

if TYPE_CHECKING:
    from PIL import Image

LARGEST_PHOTO = 10_000_000
"""Bytes. A phone's photo has 2 to 6 million."""
MOST_PIXELS = 50_000_000
MOST_PIXELS_WHOLE = 25_000_000
"""Of what cannot be decoded smaller at once, as JPEG can: WebP takes 16 bytes for each of them."""
LONGEST_SIDE = 1600
QUALITY = 82
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
HEIC = frozenset({"image/heic", "image/heif"})


def check_announced(media_type: str, size: int) -> None:
    """Raises PhotoRefused for what is not worth uploading."""
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
    """The picture as a JPEG without anything but the picture. Raises PhotoRefused.

    The decoder is chosen by what the bytes are, of these three only, whatever they claim to be.
    """
    from PIL import Image  # here, so that only this one route pays for it

    try:
        with Image.open(io.BytesIO(raw), formats=tuple(FORMATS.values())) as picture:
            return _drawn_again(picture)
    except PhotoRefused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(MOST_PIXELS) from error
    # Pillow's decoders raise whatever they stumble over in a damaged or hostile file.
    except Exception as error:
        text = "this is no photo we can read; take it again as JPEG"
        raise PhotoRefused("unreadable", text) from error


def _drawn_again(picture: "Image.Image") -> bytes:
    from PIL import Image, ImageOps

    most = MOST_PIXELS_WHOLE if picture.format in ("PNG", "WEBP") else MOST_PIXELS
    if picture.width * picture.height > most:
        raise _too_many_pixels(most)
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded smaller at once
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
