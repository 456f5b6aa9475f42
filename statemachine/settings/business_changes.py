"""Changes of a business's settings: what may be changed, what is refused, and the history of it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, JsonValue, create_model

from statemachine.business.business import BusinessSettings, defaults_of
from statemachine.business.own_labels import ambiguous_labels, our_labels
from statemachine.flows import flow_names, load_flow
from statemachine.job.bounds import OTHER_YEAR, fault_at
from statemachine.settings.own_words import faults_of, our_texts
from statemachine.values.phones import MAX_LENGTH, parse_phone
from statemachine.values.values import LANGUAGES, YEARS, Frozen, Utc

NOT_SETTABLE = frozenset({"tenant", "version"})
SETTABLE = tuple(name for name in BusinessSettings.model_fields if name not in NOT_SETTABLE)
PHONES = ("phone", "sms_number")
FOLLOWS_COUNTRY = ("currency", "countries")
"""Settings that go with the country as long as they have the default of the one before."""


class FieldChange(Frozen):
    """The values as JSON has them; what was or is not set is null."""

    field: str
    old: Annotated[JsonValue, Field(alias="from")] = None
    new: Annotated[JsonValue, Field(alias="to")] = None

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class SettingsChange(Frozen):
    """The change that made `version`. `by` is an account, or `haul` for the command line."""

    version: Annotated[int, Field(ge=1)]
    at: Utc
    by: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")]
    changes: tuple[FieldChange, ...]


class BusinessRecord(BusinessSettings):
    """The settings as they are stored: with the change that made them, in one write."""

    last_change: SettingsChange | None = None
    """None where no one has changed them since the business was set up by a deployment."""

    @property
    def settings(self) -> BusinessSettings:
        known = {name: getattr(self, name) for name in BusinessSettings.model_fields}
        return BusinessSettings.model_validate(known)


def _patch_fields() -> Iterator[tuple[str, Any]]:
    for name in SETTABLE:
        field = BusinessSettings.model_fields[name]
        kind: Any = field.annotation
        if name in PHONES:
            kind = Annotated[str, Field(max_length=MAX_LENGTH, examples=["(206) 555-0199"])] | None
        elif field.metadata:
            kind = Annotated[(kind, *field.metadata)]
        yield name, (kind | None, None)


SettingsPatch: type[Frozen] = create_model(
    "SettingsPatch",
    __base__=Frozen,
    __doc__="Any of the settings, each replaced as a whole; null restores the default.",
    **dict(_patch_fields()),
)
"""Made from the settings themselves, so that no field is named or validated in two ways."""


def given_in(patch: Frozen) -> dict[str, Any]:
    """What a patch names, by field."""
    return {name: getattr(patch, name) for name in patch.model_fields_set}


def changed(
    known: BusinessRecord, wanted: Mapping[str, Any], by: str, now: datetime
) -> BusinessRecord:
    """One version higher, with the change on its record; the very same record where nothing
    differs. Raises ValidationError with the field."""
    given = dict(_as_kept(wanted, wanted.get("country") or known.country))
    following = known.with_(**_following(known, given), **given)
    changes = tuple(_differences(known, following))
    if not changes:
        return known
    _check(known, following, now)
    version = known.version + 1
    told = SettingsChange(version=version, at=now, by=by, changes=changes)
    return following.with_(version=version, last_change=told)


def created(settings: BusinessSettings, by: str, now: datetime) -> BusinessRecord:
    """A new business; its history begins with all that it was given. Raises ValidationError."""
    record = BusinessRecord.model_validate(dict(settings.__dict__))
    nothing: dict[str, JsonValue] = {}
    changes = tuple(_compared(nothing, _as_json(record)))
    told = SettingsChange(version=record.version, at=now, by=by, changes=changes)
    return record.with_(last_change=told)


def _as_kept(wanted: Mapping[str, Any], country: str) -> Iterator[tuple[str, Any]]:
    for name, value in wanted.items():
        if value is None:
            yield name, _default(name, country)
        else:
            yield name, _phone(name, value, country) if name in PHONES else value


def _default(name: str, country: str) -> Any:
    """None for a setting that must be given, which is then refused."""
    field = BusinessSettings.model_fields[name]
    if field.is_required():
        return None
    return defaults_of(country).get(name, field.get_default(call_default_factory=True))


def _phone(field: str, text: str, country: str) -> str:
    try:
        return parse_phone(text, country)
    except ValueError as error:
        raise fault_at(field, str(error)) from error


def _following(known: BusinessSettings, given: Mapping[str, Any]) -> dict[str, Any]:
    """What changes with the country, and was not given another value itself."""
    if given.get("country") in (None, known.country):
        return {}
    before, after = defaults_of(known.country), defaults_of(given["country"])
    return {
        name: after[name]
        for name in FOLLOWS_COUNTRY
        if name in after and name not in given and getattr(known, name) == before[name]
    }


def _check(known: BusinessSettings, following: BusinessSettings, now: datetime) -> None:
    """What only a change can break, not time or another version of this program."""
    today = now.astimezone(ZoneInfo(following.time_zone)).date()
    if any(day < today for day in set(following.closed_dates) - set(known.closed_dates)):
        raise fault_at("closed_dates", f"a date has passed; give dates from {today} on")
    for field in ("closed_dates", "slots_on"):
        new = set(getattr(following, field)) - set(getattr(known, field))
        if any(day.year not in YEARS for day in new):
            raise fault_at(field, OTHER_YEAR)
    if following.flow not in flow_names():
        raise fault_at("flow", f"there is no such flow; give one of {', '.join(flow_names())}")
    _check_texts(known, following)
    if following.own_labels != known.own_labels:
        _check_labels(known, following)


def _check_texts(known: BusinessSettings, following: BusinessSettings) -> None:
    ours = our_texts()
    for name, own in following.own_texts.items():
        if own == known.own_texts.get(name):
            continue
        if name not in ours:
            raise fault_at(f"own_texts.{name}", "there is no such text; docs/texts.md has them all")
        for language in LANGUAGES:
            words = own.get(language)
            for fault in faults_of(words, ours[name].get(language)) if words else ():
                raise fault_at(f"own_texts.{name}.{language}", fault)


def _check_labels(known: BusinessSettings, following: BusinessSettings) -> None:
    for name in sorted(following.own_labels.keys() - known.own_labels.keys() - our_labels().keys()):
        raise fault_at(f"own_labels.{name}", "there is no such status; docs/flows.md has them all")
    for flow in map(load_flow, flow_names()):
        for name, language in ambiguous_labels(flow, following.own_labels):
            raise fault_at(
                f"own_labels.{name}.{language}",
                "another status of this kind of job is called that; choose another name",
            )


def _differences(known: BusinessSettings, following: BusinessSettings) -> Iterator[FieldChange]:
    return _compared(_as_json(known), _as_json(following))


def _compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name in SETTABLE:
        if old.get(name) != new.get(name):
            yield FieldChange(field=name, old=old.get(name), new=new.get(name))


def _as_json(settings: BusinessSettings) -> dict[str, Any]:
    return settings.model_dump(mode="json", include=set(SETTABLE), exclude_none=True)


def future_dates(settings: BusinessSettings, now: datetime) -> tuple[date, ...]:
    """The closed dates that are not over by the business's calendar."""
    today = now.astimezone(ZoneInfo(settings.time_zone)).date()
    return tuple(day for day in settings.closed_dates if day >= today)
