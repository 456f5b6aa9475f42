"""Photos as phones make them, and files that only claim to be photos."""

import io
import zlib

from PIL import Image

GPS, CAMERA = "37.7749", "Canary Camera 3000"


def a_phone_photo(size: tuple[int, int] = (320, 240), orientation: int = 6) -> bytes:
    """A rotated JPEG, red on the left and blue on the right, with GPS, camera, XMP, comment."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    exif = Image.Exif()
    exif[0x0110] = CAMERA
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 46.0, 29.7), 3: "W", 4: (122.0, 25.0, 9.9)})
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{GPS}</x:xmpmeta>".encode()
    return saved(picture, "JPEG", exif=exif, xmp=xmp, comment=f"at {GPS}".encode())


def a_png(size: tuple[int, int] = (320, 240), mode: str = "RGBA") -> bytes:
    return saved(Image.new(mode, size), "PNG")


def a_webp() -> bytes:
    return saved(Image.new("RGB", (320, 240), "green"), "WEBP")


def saved(picture: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


def a_bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose header claims this size."""
    plain = a_png((1, 1), "L")
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + plain[24:29]
    checksum = zlib.crc32(b"IHDR" + header).to_bytes(4, "big")
    return plain[:16] + header + checksum + plain[33:]


def markers_of(jpeg: bytes) -> list[int]:
    """The JPEG segments before the image data: 0xE1 is EXIF or XMP, 0xE2 ICC, 0xFE a comment."""
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        assert jpeg[at] == 0xFF
        found.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found
