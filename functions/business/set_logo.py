"""Set the logo of a business: drawn again as photos are, published, then named by the settings.

    upload ── draw again ── PUT logos/TENANT/DAY-DIGEST.png ── settings name it (conditional write)

A logo that is replaced stays a while, because pages and browsers may still show it; then the
watchdog erases it (functions/repair/sweep_logos.py), as it does with one that no settings came to
name. A name is not used again on another day, so none is erased while someone sets it again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from functions.business.change_settings import ChangeSettings
from functions.business.logos import Logos
from functions.photos.redraw_photo import DrawnLogo, redrawn_logo
from functions.protocol.ports import HaulwayError
from statemachine.business.business import logo_folder
from statemachine.business.business_values import Logo
from statemachine.rules.proof_of_service import PhotoRefused
from statemachine.settings.business_changes import BusinessRecord

LARGEST_LOGO = 2_000_000
"""Bytes. A request to a Lambda has at most 6 MB, and Base64 makes a third more of them."""


class LogoRefused(HaulwayError):
    """The file cannot be the logo; the text says why, and what to do instead."""


@dataclass(frozen=True)
class SetLogo:
    logos: Logos
    change: ChangeSettings
    draw: Callable[[bytes], DrawnLogo] = redrawn_logo

    def __call__(self, tenant: str, raw: bytes, by: str, now: datetime) -> BusinessRecord:
        """The settings with the logo. Raises LogoRefused, UnknownTenant, Unavailable."""
        check_size(len(raw))
        try:
            drawn = self.draw(raw)
        except PhotoRefused as error:
            raise LogoRefused(str(error)) from error
        digest = hashlib.sha256(f"logo|{tenant}|".encode() + drawn.png).hexdigest()[:32]
        path = f"{logo_folder(tenant)}{now.astimezone(UTC):%y%m%d}-{digest}.png"
        self.logos.publish(path, drawn.png)
        logo = Logo(path=path, width=drawn.width, height=drawn.height)
        return self.change(tenant, {"logo": logo}, by, now)


def check_size(size: int) -> None:
    """Raises LogoRefused. `size` is in bytes."""
    if size > LARGEST_LOGO:
        most = LARGEST_LOGO // 1_000_000
        raise LogoRefused(f"a logo has at most {most} MB; save it in a smaller size")
