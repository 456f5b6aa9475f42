"""Only the picture of a photo is published; a file that is no photo is refused with a reason."""

import zipfile
from io import BytesIO

import pytest
from PIL import Image

from functions.photos.redraw_photo import LARGEST_PHOTO, LONGEST_SIDE, check_announced, redrawn
from statemachine.rules.proof_of_service import PhotoRefused
from tests.support.pictures import (
    CAMERA,
    GPS,
    a_bomb,
    a_phone_photo,
    a_png,
    a_webp,
    markers_of,
    opened,
    saved,
)

JFIF, TABLES, FRAME = 0xE0, {0xDB, 0xC4}, {0xC0, 0xC2}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_a_photo_carries_place_and_camera_until_it_is_cleaned() -> None:
    raw = a_phone_photo()
    assert opened(raw).getexif().get_ifd(0x8825)[2] == (37.0, 46.0, 29.7)
    assert all(word.encode() in raw for word in (GPS, CAMERA))
    clean = redrawn(raw)
    assert opened(clean).getexif() == {}
    assert not any(word.encode() in clean for word in (GPS, CAMERA, "Exif", "xmpmeta"))


@pytest.mark.parametrize("raw", [a_phone_photo(), a_png(), a_webp()])
def test_nothing_is_left_but_the_picture(raw: bytes) -> None:
    clean = redrawn(raw)
    assert set(markers_of(clean)) <= {JFIF} | TABLES | FRAME
    assert clean.endswith(b"\xff\xd9")
    assert opened(clean).format == "JPEG"


def test_a_picture_taken_on_its_side_is_turned_upright() -> None:
    clean = opened(redrawn(a_phone_photo((320, 240), orientation=6)))
    assert clean.size == (240, 320)
    top, bottom = clean.getpixel((120, 10)), clean.getpixel((120, 310))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (top[0] > 200, bottom[2] > 200) == (True, True)  # red above, blue below


def test_a_large_picture_is_made_smaller_and_a_small_one_is_left() -> None:
    assert opened(redrawn(a_phone_photo((4000, 3000), orientation=1))).size == (LONGEST_SIDE, 1200)
    assert opened(redrawn(a_phone_photo((40, 30), orientation=1))).size == (40, 30)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_a_jpeg(mode: str) -> None:
    assert opened(redrawn(a_png(mode=mode))).mode == "RGB"


def test_a_picture_for_print_becomes_one_for_screens() -> None:
    assert opened(redrawn(saved(Image.new("CMYK", (40, 30)), "JPEG"))).mode == "RGB"


def test_transparent_pixels_become_white() -> None:
    assert opened(redrawn(a_png())).getpixel((5, 5)) == (255, 255, 255)


def test_data_appended_to_a_picture_is_removed() -> None:
    """A file may be a picture and an archive, or a picture and a page with a script, at once."""
    tail = BytesIO()
    with zipfile.ZipFile(tail, "w") as archive:
        archive.writestr("canary.html", "<script>canary</script>")
    for raw in (a_phone_photo() + tail.getvalue(), a_png() + b"<script>canary</script>"):
        assert b"canary" not in redrawn(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x7fELF\x02\x01\x01" + bytes(500),
        b"MZ\x90\x00" + bytes(500),
        b"#!/bin/sh\nrm -rf /\n",
        SVG,
        b'<?xml version="1.0"?>' + SVG,
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7\n" + bytes(100),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        saved(Image.new("RGB", (9, 9)), "GIF"),
        saved(Image.new("RGB", (9, 9)), "TIFF"),
        saved(Image.new("RGB", (9, 9)), "BMP"),
        b"\xff\xd8\xff\xe0" + b"\x7fELF" + bytes(500),
        a_png()[:8] + b"\x7fELF" + bytes(500),
        a_phone_photo((640, 480))[:-400],
        a_phone_photo()[:100],
        a_png()[:-40],
        a_webp()[:-40],
    ],
)
def test_a_file_that_is_no_complete_photo_is_refused_whatever_its_type(raw: bytes) -> None:
    with pytest.raises(PhotoRefused, match="cannot be read"):
        redrawn(raw)


@pytest.mark.parametrize("size", [(5000, 5001), (12_000, 8_000), (60_000, 60_000)])
def test_a_picture_that_would_fill_the_memory_is_refused_unread(size: tuple[int, int]) -> None:
    with pytest.raises(PhotoRefused, match="million pixels; choose a smaller size"):
        redrawn(a_bomb(*size))


def test_the_largest_photo_of_a_phone_is_taken_and_one_larger_is_not() -> None:
    """A JPEG is decoded at the wanted size, so its pixels need little memory."""
    plain = saved(Image.new("L", (8160, 6120)), "JPEG")
    assert opened(redrawn(plain)).size == (1600, 1200)
    with pytest.raises(PhotoRefused, match="50 million pixels"):
        redrawn(saved(Image.new("L", (8160, 6200)), "JPEG"))


@pytest.mark.parametrize(
    ("media_type", "size", "says"),
    [
        ("image/heic", 1000, "choose JPEG"),
        ("image/svg+xml", 1000, "JPEG, PNG or WebP"),
        ("image/gif", 1000, "JPEG, PNG or WebP"),
        ("application/x-msdownload", 1000, "JPEG, PNG or WebP"),
        ("image/jpeg; charset=utf-8", 1000, "JPEG, PNG or WebP"),
        ("", 1000, "JPEG, PNG or WebP"),
        ("image/jpeg", LARGEST_PHOTO + 1, "at most 10 MB"),
        ("image/jpeg", 100_000_000, "at most 10 MB"),
    ],
)
def test_a_file_that_cannot_become_a_photo_is_refused_before_the_upload(
    media_type: str, size: int, says: str
) -> None:
    with pytest.raises(PhotoRefused, match=says):
        check_announced(media_type, size)


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/webp"])
def test_a_photo_of_ten_megabytes_may_be_sent(media_type: str) -> None:
    check_announced(media_type, LARGEST_PHOTO)
