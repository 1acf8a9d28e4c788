"""What the operator of an embedded city sets. Every field has a working value except the service list."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class CitySettings(BaseModel):
    """One embedded city.

    `services` is a JSON file holding a GeoReport service list; an entry may add `service_notice`,
    `agency_responsible`, `expected_hours` (until a request should be done) and its definition's
    `attributes`. `definitions` is a JSON file holding GeoReport service definitions: a list of them, or an
    object of them by service_code. Either file may change while the city runs.
    Without any of `api_keys` every POST is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    services: Path
    definitions: Path | None = None
    data: Path = Path("var/city")
    public_url: str = ""  # where clients reach us, prefix included; "" = as each request was addressed
    api_keys: tuple[SecretStr, ...] = ()
    jurisdiction_id: str = ""
    jurisdiction_required: bool = False
    contact: str = "Ask at the city's service desk."
    key_service: str = "API keys are given out by the city's service desk."
    endpoint_type: Literal["production", "test"] = "production"
    service_notice: str = ""  # what a service without its own notice answers
    agency_responsible: str = ""
    imitate: tuple[str, ...] | None = None  # quirks of bad servers; None in production, () = by header alone
    batch_delay_s: int = Field(default=0, ge=0)  # how long a token of a batch service stays without an id
