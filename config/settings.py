"""The bridge's settings: one TOML file, overridden by the environment, secrets from neither.

    data_dir = "/var/lib/open311-bridge"
    [server]     host, port
    [database]   url
    [retention]  how many days each kind of record is kept
    [[city]]     a GeoReport endpoint (or `embedded = true`), its gazetteer, languages and thresholds
    [[account]]  a number, mailbox or bot: id, channel, city, and the channel's own settings

A plain setting `server.port` is overridden by OPEN311_BRIDGE_SERVER__PORT. A secret is a table that names where
it is: { env = "NAME" } or { file = "/run/secrets/name" }; written out in the file it is refused, since files
are copied, committed and shown.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bridge.errors import SettingsError
from bridge.vocabulary import ASK, SUBMIT, CityAnswer, Kept, Policy, Retention

PREFIX = "OPEN311_BRIDGE_"
EMERGENCY = Path(__file__).with_name("emergency")
FILES = (
    "gazetteer",
    "boundary",
    "services",
    "definitions",
    "profile",
    "answers",
)  # settings of a city that are paths


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
MONDAY_TO_FRIDAY: Mapping[Weekday, tuple[time, time]] = dict.fromkeys(WEEKDAYS[:5], (time(8), time(17)))


class Strict(BaseModel):
    """An unknown key is an error: a misspelt setting must not be a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Strict):
    """Where webhooks, pages and the embedded city are served. `public_url` is the same from outside, without a
    path: photos are shown under it. `contact` is whom residents may ask about their data."""

    host: str = "127.0.0.1"
    port: int = Field(default=8311, ge=1, le=65535)
    public_url: str = Field(default="", pattern=r"^(|https?://[^/]+/?)$")
    contact: str = Field(default="", max_length=200)


class ConsoleSettings(Strict):
    """The staff console: where staff reach it, how they come in, and who is told of what is left lying."""

    session_hours: float = Field(default=10, gt=0, le=24 * 7)
    undo_seconds: float = Field(default=10, ge=0, le=120)
    tile_url: str = Field(default="", pattern=r"^(|https?://[^/]+/.*\{z\}.*)$")
    tile_attribution: str = Field(default="", max_length=200)
    oidc_issuer: str = Field(default="", pattern=r"^(|https?://.+)$")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_newcomers: Literal["", "viewer", "agent"] = ""
    duty_addresses: tuple[str, ...] = ()
    mail_from: str = ""
    relay_host: str = "127.0.0.1"
    relay_port: int = Field(default=25, ge=1, le=65535)
    relay_tls: Literal["starttls", "none"] = "starttls"
    digest_minutes: float = Field(default=15, gt=0)

    @model_validator(mode="after")
    def _whole(self) -> ConsoleSettings:
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret):
            raise ValueError("oidc_issuer also needs oidc_client_id and oidc_client_secret")
        if self.duty_addresses and not self.mail_from:
            raise ValueError("duty_addresses also need mail_from")
        return self


class DatabaseSettings(Strict):
    """`url` empty: `bridge.db` in the data directory. It may hold a password, so it is a secret."""

    url: SecretStr = SecretStr("")

    @field_validator("url")
    @classmethod
    def _known_engine(cls, value: SecretStr) -> SecretStr:
        if not re.match(r"^(|sqlite:///.+|postgresql://.+)$", value.get_secret_value()):
            raise ValueError("begins with sqlite:/// or postgresql://, or is empty")
        return value


class RetentionSettings(Strict):
    """Days that each kind is kept; a kind that is not named is kept for good. Records law differs from place to
    place, so nothing is deleted by default."""

    raw_days: float | None = Field(default=None, gt=0)
    messages_days: float | None = Field(default=None, gt=0)
    photos_days: float | None = Field(default=None, gt=0)
    reports_days: float | None = Field(default=None, gt=0)
    contacts_days: float | None = Field(default=None, gt=0)

    @property
    def rules(self) -> Retention:
        """The same, for the flow."""
        days: dict[Kept, float | None] = {
            "raw": self.raw_days,
            "messages": self.messages_days,
            "photos": self.photos_days,
            "reports": self.reports_days,
            "contacts": self.contacts_days,
        }
        return Retention({kind: timedelta(days=kept) for kind, kept in days.items() if kept is not None})


class GeocoderSettings(Strict):
    """An online geocoder for what the gazetteer cannot place. `contact` is whom the service may write to: its
    usage rules want one. `region` stands behind every place that is looked up ("Fairview, NE")."""

    service: Literal["nominatim", "photon", "census"]
    contact: str = Field(min_length=5, max_length=100, pattern=r"^[!-~]+$")
    url: str = Field(default="", pattern=r"^(|https?://.+)$")
    region: str = Field(default="", max_length=100)


class CitySettings(Strict):
    """One city, reached by exactly one of `endpoint` (a server without quirks), `profile` (a file that names the
    endpoint and its quirks; examples in config/cities) or `embedded` (the bridge is the city's server)."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    name: str
    time_zone: str = "UTC"
    languages: tuple[Literal["en", "es"], ...] = ("en",)
    gazetteer: Path
    geocoder: GeocoderSettings | None = None
    boundary: Path | None = None
    embedded: bool = False
    services: Path | None = None
    definitions: Path | None = None
    service_names: Mapping[str, Mapping[str, str]] = {}
    endpoint: str = Field(default="", pattern=r"^(|https?://.+)$")
    jurisdiction_id: str = ""
    profile: Path | None = None
    api_key: SecretStr | None = None
    submit: float | None = Field(default=None, ge=0, le=1)
    ask: float = Field(default=ASK, ge=0, le=1)
    most_questions: int = Field(default=3, ge=1, le=5)
    emergency_number: str = "911"
    crisis_number: str = "988"
    emergency_rules: tuple[Path, ...] = ()
    answers: Path | None = None
    hold_seconds: float = Field(default=20, ge=0, le=120)
    confirm: Literal["always", "unsure", "never"] = "unsure"
    confirm_below: float = Field(default=0.5, ge=0, le=1)
    remind_hours: float = Field(default=20, gt=0)
    give_up_hours: float = Field(default=48, gt=0)
    unfinished: Literal["staff", "drop"] = "staff"
    quiet_hours: tuple[time, time] | None = None
    news_in_one_minutes: float = Field(default=10, ge=0, le=1440)
    twin_metres: float = Field(default=40, ge=0, le=1000)
    twin_days: float = Field(default=14, gt=0)
    twins_at_city: bool = False
    correct_minutes: float = Field(default=30, ge=0)
    takes_updates: bool = False
    forget: Literal["erase", "staff"] = "staff"
    staff_hours: str = Field(default="", max_length=40)
    privacy_url: str = Field(default="", max_length=60)
    carrier_notice: bool = True
    satisfaction: bool = False
    photo_for: tuple[str, ...] = ()
    most_messages_an_hour: int = Field(default=30, ge=5, le=90)
    poll_seconds: float = Field(default=900, gt=0)
    relearn_days: float = Field(default=7, ge=0)
    settle_seconds: float = Field(default=60, gt=0)
    office_hours: Mapping[Weekday, tuple[time, time]] = MONDAY_TO_FRIDAY
    holidays: tuple[date, ...] = ()
    deadline_hours: Mapping[str, float] = {}
    fallback_address: str = ""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone of the IANA list, such as America/Chicago")
        return value

    @model_validator(mode="after")
    def _one_back_end(self) -> CitySettings:
        if sum((self.embedded, bool(self.endpoint), self.profile is not None)) != 1:
            raise ValueError("set exactly one of endpoint, profile and embedded = true")
        if self.embedded and self.services is None:
            raise ValueError("an embedded city needs services, the file of its service list")
        return self

    @property
    def missing(self) -> Sequence[tuple[str, Path]]:
        """The files of its settings that are not there, each with its setting."""
        named = [(name, getattr(self, name)) for name in FILES]
        named += [("emergency_rules", path) for path in self.emergency_rules]
        return [(f"city.{self.id}.{name}", path) for name, path in named if path and not path.is_file()]

    @property
    def emergency_files(self) -> tuple[Path, ...]:
        """The built-in rules of every language, and the city's own."""
        return (*sorted(EMERGENCY.glob("*.toml")), *self.emergency_rules)

    @property
    def policy(self) -> Policy:
        """What the conversation goes by. Raises SettingsError for answers that cannot be read."""
        return Policy(
            submit=SUBMIT if self.submit is None else self.submit,
            ask=self.ask,
            most_questions=self.most_questions,
            emergency_number=self.emergency_number,
            crisis_number=self.crisis_number,
            hold=timedelta(seconds=self.hold_seconds),
            confirm=self.confirm,
            confirm_below=self.confirm_below,
            remind_after=timedelta(hours=self.remind_hours),
            give_up_after=timedelta(hours=self.give_up_hours),
            unfinished=self.unfinished,
            quiet=self.quiet_hours,
            news_in_one=timedelta(minutes=self.news_in_one_minutes),
            twin_m=self.twin_metres,
            twin_age=timedelta(days=self.twin_days),
            twins_at_city=self.twins_at_city,
            correct_within=timedelta(minutes=self.correct_minutes),
            takes_updates=self.takes_updates,
            forget=self.forget,
            staff_hours=self.staff_hours,
            privacy_url=self.privacy_url,
            carrier_notice=self.carrier_notice,
            satisfaction=self.satisfaction,
            photo_for=self.photo_for,
            most_an_hour=self.most_messages_an_hour,
            answers=_answers(self.answers) if self.answers else (),
        )


class AnswerSettings(Strict):
    """One answer of a city: a message with all words of one of `phrases` gets `text`. `referral`: not only as
    the answer to a question, but to a statement too ("my power is out")."""

    phrases: tuple[str, ...] = Field(min_length=1)
    text: str = Field(min_length=1, max_length=300)
    language: str = "en"
    referral: bool = False


def _answers(path: Path) -> tuple[CityAnswer, ...]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        written = [AnswerSettings(**answer) for answer in raw.get("answer", ())]
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValidationError) as error:
        raise SettingsError(f"{path}: {str(error).splitlines()[0]}") from None
    return tuple(CityAnswer(a.phrases, a.text, a.language, a.referral) for a in written)


class AccountSettings(Strict):
    """One number, mailbox or bot. `settings` are the channel's own, checked by its model. Of several cities the
    place of a report decides; the first is the account's own, for all else."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    channel: str
    city: str | tuple[str, ...] = Field(min_length=1)
    settings: Any

    @property
    def cities(self) -> tuple[str, ...]:
        """The cities this account serves, its own first."""
        return (self.city,) if isinstance(self.city, str) else self.city


class Settings(BaseSettings):
    """Everything, checked. Made by `load`."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    data_dir: Path
    models_dir: Path | None = None
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    retention: RetentionSettings = RetentionSettings()
    console: ConsoleSettings = ConsoleSettings()
    city: tuple[CitySettings, ...] = Field(min_length=1)
    account: tuple[AccountSettings, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which comes in as init."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _names_fit(self) -> Settings:
        cities = [city.id for city in self.city]
        accounts = [account.id for account in self.account]
        for kind, names in (("city", cities), ("account", accounts)):
            if len(set(names)) < len(names):
                raise ValueError(f"two [[{kind}]] have the same id")
        for account in self.account:
            unknown = [city for city in account.cities if city not in cities]
            if unknown:
                raise ValueError(f"account {account.id}: there is no [[city]] with id {unknown[0]!r}")
        return self

    @property
    def public_url(self) -> str:
        """The bridge as the world reaches it: as set, else as an account is told, else as it listens."""
        told = (getattr(account.settings, "public_url", "") for account in self.account)
        listening = f"http://{self.server.host}:{self.server.port}"
        return (self.server.public_url or next(filter(None, told), "") or listening).rstrip("/")

    @property
    def models_path(self) -> Path:
        """Where the built-in models are trained to; safe to delete, shared by every bridge that points here."""
        return self.models_dir or self.data_dir / "models"

    @property
    def postgresql_url(self) -> str:
        """The PostgreSQL database, "" where it is SQLite."""
        url = self.database.url.get_secret_value()
        return url if url.startswith("postgresql://") else ""

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        url = self.database.url.get_secret_value()
        return Path(url.removeprefix("sqlite:///")) if url else self.data_dir / "bridge.db"


def load(path: Path, channels: Mapping[str, type[BaseModel]]) -> Settings:
    """Reads and checks the file. `channels` maps a channel's name to the model of its settings.

    Relative paths in it are taken from the file's folder. Raises SettingsError, one line that names the setting.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8") from None
    return parse(text, path.parent, channels, os.environ)


def parse(
    text: str, folder: Path, channels: Mapping[str, type[BaseModel]], environ: Mapping[str, str]
) -> Settings:
    """The settings in a TOML text; `load` without the file."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the settings are no TOML: {error}") from None
    raw["account"] = [_account(account, channels, environ) for account in _tables(raw, "account")]
    raw["city"] = [_city(city, folder, environ) for city in _tables(raw, "city")]
    raw["database"] = _database(raw.get("database", {}), environ)
    if isinstance(raw.get("console"), dict):
        raw["console"] = _with_secrets(raw["console"], ConsoleSettings, "console", environ)
    raw["data_dir"] = folder / str(raw.get("data_dir", "var"))
    try:
        return Settings(**raw)
    except ValidationError as error:
        raise SettingsError(_first_line(error, raw)) from None


def _database(raw: Any, environ: Mapping[str, str]) -> Any:
    """The database's table. A URL with a password is a secret, which is never written in the file."""
    if not isinstance(raw, dict) or "url" not in raw:
        return raw
    url = raw["url"]
    if isinstance(url, str) and not urlsplit(url).password:
        return raw
    return {**raw, "url": _secret(url, "database.url", environ)}


def _tables(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    tables = raw.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError(f"{name}: is written as [[{name}]]")
    return tables


def _city(raw: dict[str, Any], folder: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    where = f"city.{raw.get('id', '?')}"
    paths = {key: folder / str(raw[key]) for key in FILES if key in raw}
    rules = {"emergency_rules": [folder / str(path) for path in raw.get("emergency_rules", ())]}
    return _with_secrets(raw, CitySettings, where, environ) | paths | rules


def _account(
    raw: dict[str, Any], channels: Mapping[str, type[BaseModel]], environ: Mapping[str, str]
) -> dict[str, Any]:
    where = f"account.{raw.get('id', '?')}"
    channel = str(raw.get("channel", ""))
    if channel not in channels:
        raise SettingsError(f"{where}.channel: {channel!r} is none of {', '.join(sorted(channels))}")
    common: dict[str, Any] = {key: raw[key] for key in ("id", "channel", "city") if key in raw}
    own = {key: value for key, value in raw.items() if key not in common}
    model = channels[channel]
    try:
        return {**common, "settings": model(**_with_secrets(own, model, where, environ))}
    except ValidationError as error:
        raise SettingsError(f"{where}.{_first_line(error, own)}") from None


def _with_secrets(
    raw: dict[str, Any], model: type[BaseModel], where: str, environ: Mapping[str, str]
) -> dict[str, Any]:
    """The table with every secret fetched from where it says it is."""
    fetched = dict(raw)
    for name, field in model.model_fields.items():
        if name in raw and (field.annotation is SecretStr or SecretStr in get_args(field.annotation)):
            fetched[name] = _secret(raw[name], f"{where}.{name}", environ)
    return fetched


def _secret(source: Any, where: str, environ: Mapping[str, str]) -> SecretStr:
    match source:
        case {"env": str(name), **rest} if not rest:
            if not environ.get(name):
                raise SettingsError(f"{where}: the environment variable {name} is not set")
            return SecretStr(environ[name])
        case {"file": str(name), **rest} if not rest:
            try:
                return SecretStr(Path(name).read_text(encoding="utf-8").strip())
            except OSError as error:
                raise SettingsError(f"{where}: {name} cannot be read ({error.strerror})") from None
        case _:
            raise SettingsError(
                f'{where}: a secret is {{ env = "NAME" }} or {{ file = "/path" }}, never written here'
            )


def _first_line(error: ValidationError, raw: Mapping[str, Any]) -> str:
    """The first thing wrong, on one line that names the setting, without the value (it may be a secret).

    A misspelt key goes before the setting that is missing because of it.
    """
    wrong = error.errors(include_url=False, include_input=False, include_context=False)
    first = next((one for one in wrong if one["type"] == "extra_forbidden"), wrong[0])
    said = first["msg"].removeprefix("Value error, ").splitlines()[0]
    if first["type"] == "extra_forbidden":
        said = "no such setting"
    parts = list(first["loc"])
    if len(parts) > 1 and isinstance(parts[1], int):
        table = raw.get(str(parts[0]), [])
        parts[1] = table[parts[1]].get("id", parts[1]) if parts[1] < len(table) else parts[1]
    name = ".".join(str(part) for part in parts)
    return f"{name}: {said}" if name else said
