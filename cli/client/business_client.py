"""What `haul business` does: through the API for the business of its session or key, or with AWS
credentials for every business of a stage."""

import base64
from dataclasses import dataclass
from typing import Any, Protocol

from cli.client.api_client import ApiClient
from cli.client.connection import Connection
from cli.output.output import NotFound
from functions.aws.business_settings import S3SettingsStore
from functions.aws.logos import S3Logos
from functions.business.change_settings import COMMAND_LINE, LONGEST_PAGE, ChangeSettings
from functions.business.set_logo import SetLogo
from functions.protocol.clock import utc_now
from statemachine.business.business import is_internal
from statemachine.settings.business_changes import BusinessRecord, SettingsChange, given_in
from statemachine.values.values import Frozen


class Businesses(Protocol):
    def all(self) -> list[BusinessRecord]: ...

    def read(self, business_id: str) -> BusinessRecord:
        """Raises UnknownTenant, CliError."""

    def change(self, business_id: str, patch: Frozen) -> BusinessRecord:
        """`patch` is a SettingsPatch. Raises ValidationError with the field, CliError."""

    def set_logo(self, business_id: str, raw: bytes) -> BusinessRecord:
        """Raises LogoRefused, CliError."""

    def history(self, business_id: str) -> tuple[SettingsChange, ...]:
        """The latest changes, newest first."""


@dataclass(frozen=True)
class StoredBusinesses:
    settings: ChangeSettings
    logo: SetLogo

    def all(self) -> list[BusinessRecord]:
        public = (name for name in sorted(self.settings.store.names()) if not is_internal(name))
        return [self.read(name) for name in public]

    def read(self, business_id: str) -> BusinessRecord:
        return self.settings.store.read(business_id).value

    def change(self, business_id: str, patch: Frozen) -> BusinessRecord:
        return self.settings(business_id, given_in(patch), COMMAND_LINE, utc_now())

    def set_logo(self, business_id: str, raw: bytes) -> BusinessRecord:
        return self.logo(business_id, raw, COMMAND_LINE, utc_now())

    def history(self, business_id: str) -> tuple[SettingsChange, ...]:
        return self.settings.history(business_id, None, LONGEST_PAGE)[0]


@dataclass(frozen=True)
class BusinessOfSession:
    """The one business that the session or the API key belongs to."""

    api: ApiClient

    def all(self) -> list[BusinessRecord]:
        return [self._known()[0]]

    def read(self, business_id: str) -> BusinessRecord:
        return self._checked(business_id)[0]

    def change(self, business_id: str, patch: Frozen) -> BusinessRecord:
        _, etag = self._checked(business_id)
        wanted = patch.model_dump(mode="json", exclude_unset=True)
        return _record(self.api.ask("PATCH", "/api/business", wanted, {"If-Match": etag}))

    def set_logo(self, business_id: str, raw: bytes) -> BusinessRecord:
        self._checked(business_id)
        image = base64.b64encode(raw).decode()
        return _record(self.api.ask("PUT", "/api/business/logo", {"image": image}))

    def history(self, business_id: str) -> tuple[SettingsChange, ...]:
        self._checked(business_id)
        answer = self.api.ask("GET", f"/api/business/history?limit={LONGEST_PAGE}").json()
        return tuple(SettingsChange.model_validate(each) for each in answer["changes"])

    def _checked(self, business_id: str) -> tuple[BusinessRecord, str]:
        """Raises NotFound if the session is another business's."""
        record, etag = self._known()
        if record.tenant != business_id:
            raise NotFound(f"you are signed in to {record.tenant}, and cannot see {business_id}")
        return record, etag

    def _known(self) -> tuple[BusinessRecord, str]:
        answer = self.api.ask("GET", "/api/business")
        return _record(answer), answer.headers["etag"]


def _record(answer: Any) -> BusinessRecord:
    return BusinessRecord.model_validate(answer.json())


def stored_businesses(place: Connection) -> StoredBusinesses:
    s3 = place.one_attempt("s3")
    settings = ChangeSettings(S3SettingsStore(s3, place.outputs["JobsBucket"]))
    logos = S3Logos(place.client("s3"), place.outputs["SiteBucket"])
    return StoredBusinesses(settings, SetLogo(logos, settings))
