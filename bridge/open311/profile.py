"""How one city's endpoint differs from the specification: a `Profile`, every quirk one named switch.

A profile is a TOML table (`[city.profile]` in a configuration, or a whole file such as config/cities/*.toml).
Each field's description is its reason; an unknown key is an error. The defaults are the specification's word,
and where it has none, what most servers do.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bridge.errors import SettingsError
from bridge.open311.documents import Format

SubmissionField = Literal[
    "first_name", "last_name", "email", "phone", "description", "lat", "long", "address_string", "address_id",
    "media_url",
]  # fmt: skip


def _endpoint(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    if "?" in url or "#" in url or "@" in url.partition("//")[2].partition("/")[0]:
        raise ValueError("must hold no query, fragment or password")
    return url.rstrip("/")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"is no time zone of the IANA database: {name}") from error
    return name


class Profile(BaseModel):
    """One GeoReport v2 endpoint and its quirks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # where
    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        description="URL that /services.json and /requests.json hang on; a final slash makes no difference."
    )
    jurisdiction_id: str = Field("", description="Only where one endpoint serves several jurisdictions.")
    discovery_url: str = Field("", description="Discovery may live on another host than the endpoint.")
    suffix: bool = Field(True, description="False: paths without .json or .xml (West Berkshire).")
    services_path: str = Field("services", description="West Berkshire: Services.")
    requests_path: str = Field("requests", description="West Berkshire: Requests.")
    request_path: str = Field("requests", description="Boston's own client reads one request at request/ID.")
    proxy: str = Field("", description="An outgoing HTTP proxy, where the bridge may not reach the city itself.")

    # formats and encodings
    formats: tuple[Format, ...] = Field(
        ("json", "xml"), min_length=1, description="Tried in this order; XML is mandatory, JSON optional."
    )
    accept_encoding: str = Field("", description='Alexandria breaks on "deflate": "identity" switches it off.')
    four_byte_characters: Literal["keep", "replace"] = Field(
        "keep", description="replace: emoji by their names; simple-crm loses, codefornl hangs on them."
    )
    multi_values: Literal["brackets", "repeat", "comma"] = Field(
        "brackets", description="attribute[c][]=a (PHP, Rails), attribute[c]=a repeated (mySociety), or joined."
    )

    # who may ask
    key_on_reads: Literal["no", "parameter", "bearer"] = Field(
        "no", description="Connected Bits raises its limit for a key on reads; mySociety refuses unknown words."
    )
    extra_form: Mapping[str, str] = Field(
        default_factory=dict, description="Constant fields of every POST that this endpoint asks for."
    )
    extensions: bool = Field(
        False, description="extensions=true on reads (Connected Bits, CitySDK): notes, attributes."
    )

    # what is sent
    send_coordinates: bool = Field(True, description="False: the city places a report by its address alone.")
    send_address: bool = Field(True, description="False: the city refuses address_string.")
    send_address_id: bool = Field(False, description="uReport has no place for address_id and drops it.")
    required: tuple[SubmissionField, ...] = Field(
        (), description="Chicago: lat, long, address_string. SeeClickFix: first_name, last_name, email."
    )
    fallback: Mapping[SubmissionField, str] = Field(
        default_factory=dict,
        description="Sent where the resident gave none, such as the city's own mailbox for a required email.",
    )
    description_limit: int = Field(4000, ge=100, description="The specification's 4,000 characters.")
    media: Literal["url", "multipart", "description", "none"] = Field(
        "url", description="url: media_url; multipart: the file itself (uReport drops a posted media_url)."
    )
    media_field: str = Field("media", description="Name of the file field of a multipart POST (uReport: media).")
    marker: Literal["description", "none"] = Field(
        "description", description="none: the city may not see the report's public reference in the text."
    )
    marker_line: str = Field("Ref {reference}", description="Last line of the description; holds {reference}.")
    marker_attribute: str = Field(
        "", description="An attribute for the reference too: simple-crm refuses the same external_id twice."
    )

    # what a POST answers
    check_echo: bool = Field(
        True, description="False: the city alters descriptions it echoes, so an echo proves nothing."
    )
    fresh_requests_listed: bool = Field(
        False,
        description="True only when a request just posted is in the list: then its absence proves something.",
    )
    settle_seconds: int = Field(
        120, ge=0, description="How long after a send that timed out the city may still store the request."
    )

    # reading back
    many_ids: bool = Field(True, description="False: service_request_id=a,b answers the first only (uReport).")
    ids_per_read: int = Field(50, ge=1, description="Ids in one comma list, kept below the usual row cap.")
    single_reads: bool = Field(True, description="False: an id missing from a list is not asked for singly.")
    status_filter: Literal["many", "one", "no"] = Field(
        "many", description="open,closed at once; one at a time (simple-crm, FixMyStreet); ignored (uReport)."
    )
    list_states: tuple[str, ...] = Field(
        (), description="States a list must be asked for to show all (Klarschiff lists open ones by default)."
    )
    list_windows: bool = Field(True, description="False: lists hide what single reads show, so ids are followed.")
    swapped_dates: bool = Field(False, description="codefornl takes end_date for start_date.")
    row_cap: int = Field(
        1000,
        ge=1,
        description="Rows in a full answer: 50 (Boston, Chicago), 100, 200. Left out: 1,000, or any round number.",
    )
    window_days: int = Field(90, ge=1, le=90, description="Longest span of start_date to end_date.")
    paging: bool = Field(False, description="True: page=1,2,… works (Connected Bits, uReport).")
    updated_after: bool = Field(
        False, description="True: updated_after filters (Connected Bits, uReport, CitySDK)."
    )
    updates: bool = Field(False, description="mySociety's servicerequestupdates are offered.")
    pending_statuses: tuple[int, ...] = Field(
        (404,), description="HTTP statuses of a token that has no id yet (San Francisco: 404)."
    )

    # times and words
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="The city's zone, for times written without one."
    )
    false_utc: bool = Field(False, description="True: local time is printed with a Z (simple-crm, Oxfordshire).")
    query_times: Literal["utc", "offset", "local"] = Field(
        "utc", description="start_date as 09:00:00Z, 10:00:00+01:00, or 10:00:00 without a zone (Chicago)."
    )
    clock_skew_minutes: int = Field(15, ge=0, description="How far the city's clock may be off ours.")
    status_words: Mapping[str, Literal["open", "closed"]] = Field(
        default_factory=dict, description="The city's own status words; known ones need no entry."
    )

    # pace
    reads_per_minute: int = Field(
        10, ge=0, description="0: no limit. Connected Bits: 10 without a registered key."
    )
    read_seconds: float = Field(10, gt=0, description="A read's deadline, from connecting to the last byte.")
    submit_seconds: float = Field(20, gt=0, description="A POST's deadline; FixMyStreet waits 300.")
    cache_minutes: float = Field(60, ge=0, description="How long services and definitions are believed.")
    circuit_failures: int = Field(5, ge=0, description="Failures in a row that open the circuit; 0: never.")
    circuit_seconds: float = Field(
        60, gt=0, description="First pause of an open circuit; doubles up to 15 minutes."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if "{reference}" not in self.marker_line:
            raise ValueError("marker_line must hold {reference}")
        if not self.send_coordinates and not self.send_address and not self.send_address_id:
            raise ValueError("one of send_coordinates, send_address, send_address_id must be true")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def marker_of(self, reference: str) -> str:
        """The line that ends a description, "" where this city's marker is elsewhere."""
        return self.marker_line.format(reference=reference) if self.marker == "description" and reference else ""


def load(text: str) -> Profile:
    """The profile in a TOML text. Raises SettingsError, one line that names the key."""
    try:
        return checked(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"city profile: {error}") from error


def checked(switches: Mapping[str, Any]) -> Profile:
    """The profile with these switches. Raises SettingsError, one line that names the first wrong one."""
    try:
        return Profile.model_validate(switches)
    except ValidationError as error:
        raise SettingsError(f"city profile: {_first_fault(error)}") from error


def reasons() -> Mapping[str, str]:
    """Why each switch exists, by its name, in the order of the table."""
    return {name: field.description or "" for name, field in Profile.model_fields.items()}


def _first_fault(error: ValidationError) -> str:
    fault: Any = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    word = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"]
    return f"{where}: {word}" if where else word
