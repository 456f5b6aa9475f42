"""A logo is drawn again, published, named by the settings, and erased when it is replaced."""

from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from functions.aws.logos import S3Logos
from functions.business.change_settings import ChangeSettings
from functions.business.logos import Logos
from functions.business.set_logo import LARGEST_LOGO, LogoRefused, SetLogo
from functions.protocol.ports import Unavailable
from functions.repair.sweep_logos import SHOWN_FOR, SweepLogos
from statemachine.business.business import BusinessSettings
from tests.support.builders import NOON
from tests.support.business_fakes import FakeLogos, FakeSettingsStore
from tests.support.fakes import Bucket, FakeTenants, no_pause
from tests.support.faults import Faults
from tests.support.moto_server import Moto
from tests.support.pictures import GPS, a_bomb, a_phone_photo, a_png, a_webp, opened, saved

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PATHS = [f"/logos/quick/261121-{letter * 32}.png" for letter in "ab"]


class Setup:
    def __init__(self) -> None:
        self.now = NOON
        self.bucket, self.site = Bucket(), Bucket()
        self.logos, store = FakeLogos(self.site), FakeSettingsStore(self.bucket)
        self.change = ChangeSettings(store, no_pause)
        self.set_logo = SetLogo(self.logos, self.change)
        self.change.add(BusinessSettings(tenant="quick", name="Quick Dump"), "haul", NOON)
        self.sweep = SweepLogos(self.logos, FakeTenants(self.bucket))

    def set(self, raw: bytes) -> str:
        logo = self.set_logo("quick", raw, "olive", self.now).logo
        assert logo
        return logo.path

    @property
    def published(self) -> list[str]:
        return [f"/logos/{key}" for key in self.site.keys("logos/")]


@pytest.fixture
def setup() -> Setup:
    return Setup()


@pytest.mark.parametrize("raw", [a_png((900, 200)), a_phone_photo((900, 200), 1), a_webp()])
def test_a_logo_is_drawn_again_within_its_box_and_named_with_its_size(
    setup: Setup, raw: bytes
) -> None:
    record = setup.set_logo("quick", raw, "olive", NOON)
    assert record.logo
    png = setup.site.objects[record.logo.path.removeprefix("/")]
    picture = opened(png)
    assert picture.format == "PNG"
    assert picture.mode == "RGB"
    assert picture.size == (record.logo.width, record.logo.height)
    assert picture.width <= 480
    assert picture.height <= 120
    assert GPS.encode() not in png
    assert record.last_change
    assert record.last_change.by == "olive"
    assert record.last_change.changes[0].field == "logo"


def test_a_transparent_logo_stands_on_white(setup: Setup) -> None:
    path = setup.set(a_png((100, 50)))
    assert opened(setup.site.objects[path.removeprefix("/")]).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (SVG, "SVG is not accepted"),
        (b"MZ\x90\x00 an executable", "save it as PNG or JPEG"),
        (b"", "save it as PNG or JPEG"),
        (a_png()[:200], "save it as PNG or JPEG"),
        (saved(Image.new("P", (40, 30)), "GIF"), "save it as PNG or JPEG"),
        (b"\x89PNG" + bytes(8_000_000), "at most 2 MB"),
        (a_bomb(30_000, 30_000), "million pixels"),
    ],
    ids=["svg", "executable", "empty", "cut off", "gif", "8 MB", "bomb"],
)
def test_what_is_no_logo_is_refused_with_the_reason_and_nothing_is_changed(
    setup: Setup, raw: bytes, why: str
) -> None:
    with pytest.raises(LogoRefused, match=why):
        setup.set_logo("quick", raw, "olive", NOON)
    assert setup.published == []
    assert setup.change.store.read("quick").value.version == 1
    assert LARGEST_LOGO == 2_000_000


def test_the_same_file_again_is_the_same_logo_and_no_change(setup: Setup) -> None:
    raw = a_png()
    assert setup.set(raw) == setup.set(raw)
    assert setup.change.store.read("quick").value.version == 2


def test_two_businesses_with_the_same_file_have_a_logo_each(setup: Setup) -> None:
    setup.change.add(BusinessSettings(tenant="other", name="Other"), "haul", NOON)
    mine = setup.set(a_png())
    theirs = setup.set_logo("other", a_png(), "olive", NOON).logo
    assert theirs
    assert theirs.path.startswith("/logos/other/")
    assert theirs.path.rpartition("/")[2] != mine.rpartition("/")[2]


def test_settings_name_no_logo_of_another_business(setup: Setup) -> None:
    with pytest.raises(ValueError, match="not a logo of this business"):
        setup.change("quick", _logo("/logos/other/261121-" + "a" * 32), "olive", NOON)


def _logo(path: str) -> dict[str, Any]:
    return {"logo": {"path": f"{path}.png", "width": 40, "height": 30}}


def test_a_replaced_logo_stays_a_day_and_is_then_erased(setup: Setup) -> None:
    old = setup.set(a_png())
    new = setup.set(a_webp())
    setup.now += SHOWN_FOR
    assert setup.sweep("quick", setup.now, full=True) == 0
    setup.now += SHOWN_FOR
    assert setup.sweep("quick", setup.now, full=True) == 1
    assert setup.published == [new]
    assert old != new
    setup.change("quick", {"logo": None}, "olive", setup.now)
    assert setup.sweep("quick", setup.now, full=True) == 1
    assert setup.published == []


def test_a_logo_that_is_set_again_is_another_one_that_is_not_erased_with_the_first(
    setup: Setup,
) -> None:
    first = setup.set(a_png())
    setup.now += 2 * SHOWN_FOR
    setup.set(a_webp())
    published = setup.logos.publish

    def sweep_meanwhile(path: str, png: bytes) -> None:
        """Before the settings name it."""
        published(path, png)
        setup.sweep("quick", setup.now, full=True)

    setup.logos.publish = sweep_meanwhile  # type: ignore[method-assign]  # comes between
    again = setup.set(a_png())
    assert again in setup.published
    assert first not in setup.published


def test_a_logo_whose_settings_were_not_written_is_erased_too(setup: Setup) -> None:
    setup.bucket.faults = Faults({"GetObject": ["before"]})
    with pytest.raises(Unavailable):
        setup.set(a_png())
    assert len(setup.published) == 1
    setup.now += 2 * SHOWN_FOR
    assert setup.sweep("quick", setup.now, full=True) == 1


def test_each_business_is_swept_in_one_round_a_day(setup: Setup) -> None:
    setup.logos.publish(PATHS[0], b"png")
    begin = NOON + 2 * SHOWN_FOR
    swept = [setup.sweep("quick", begin + timedelta(minutes=minute)) for minute in range(24 * 60)]
    assert sum(swept) == 1


@pytest.fixture(params=["fake", "moto"])
def logos(request: pytest.FixtureRequest) -> Logos:
    if request.param == "fake":
        return FakeLogos(Bucket())
    moto: Moto = request.getfixturevalue("moto")
    return S3Logos(moto.s3, moto.bucket())


def test_logos_are_listed_by_business_until_they_are_erased(logos: Logos) -> None:
    for path in (*PATHS, PATHS[0].replace("quick", "quicker")):
        logos.publish(path, b"png")
        logos.publish(path, b"png")
    assert sorted(logos.of("quick")) == PATHS
    logos.erase(PATHS[0])
    logos.erase(PATHS[0])
    assert list(logos.of("quick")) == [PATHS[1]]


def test_a_logo_whose_publication_was_not_answered_is_not_named(setup: Setup) -> None:
    setup.site.faults = Faults({"PutObject": ["after"]})
    with pytest.raises(Unavailable):
        setup.set(a_png())
    assert setup.change.store.read("quick").value.logo is None
