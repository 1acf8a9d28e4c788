"""What a city offers, remembered: services and definitions, believed for a while or until a changeset moves.

A city that is down, or whose list is suddenly empty, keeps the offer it had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import quote

import structlog

from bridge.errors import BridgeError, Permanent, Retryable
from bridge.open311 import survey, wire
from bridge.open311.documents import Tree
from bridge.open311.endpoint import Endpoint, Unreadable
from bridge.open311.offered import offered as offer_of
from bridge.open311.survey import Finding
from bridge.vocabulary import Attribute, Discovery, Service

_log = structlog.get_logger(__name__)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    value: T
    at: datetime


class Offer:
    """Services and definitions of one endpoint. `oddities` is what its staff should know of them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._profile = endpoint, endpoint.profile
        self._services: _Known[tuple[Service, ...]] | None = None
        self._definitions: dict[str, _Known[tuple[Attribute, ...] | None]] = {}
        self._changeset = ""
        self._odd_services: tuple[Finding, ...] = ()
        self._odd_definitions: dict[str, tuple[Finding, ...]] = {}

    @property
    def oddities(self) -> tuple[Finding, ...]:
        """What is odd about the list, and about the definitions read so far."""
        return (*self._odd_services, *(odd for found in self._odd_definitions.values() for odd in found))

    async def services(self) -> tuple[Service, ...]:
        """The services, at most `cache_minutes` old or of the current changeset; older ones when the city does
        not answer now. Raises Retryable or Permanent when there are none at all."""
        if self._services and (self._fresh(self._services.at) or await self._unchanged()):
            return self._services.value
        try:
            tree = await self._endpoint.tree("services", self._profile.services_path)
        except Retryable as error:
            return self._stale(error)
        offered = offer_of(wire.services(tree))
        if not offered and self._services:
            return self._stale(Retryable("the city's list is empty"))
        self._report(tree)
        self._services = _Known(offered, self._endpoint.clock.now())
        return offered

    async def service(self, service_code: str) -> Service | None:
        """The service, read anew when it is not in the list known so far; None where the city lists nothing.
        Raises Permanent for one that the city does not offer."""
        for attempt in range(2):
            try:
                offered = await self.services()
            except Permanent:
                offered = ()  # govflow takes reports and answers no read
            if not offered:
                return None
            for service in offered:
                if service.service_code == service_code:
                    return service
            if attempt == 0 and self._services:
                self._services, self._changeset = replace(self._services, at=_LONG_AGO), ""
        raise Permanent(f"the city offers no service {service_code}", code="service_code")

    async def questions(self, service: Service) -> tuple[Attribute, ...] | None:
        """The service's attributes, None where the city says that there are some and does not show them. Older
        ones when it does not answer now; raises Retryable when there are none."""
        if not service.metadata:
            return ()
        known = self._definitions.get(service.service_code)
        if known is None or not self._fresh(known.at):
            try:
                known = _Known(await self._definition(service.service_code), self._endpoint.clock.now())
            except Retryable:
                if known is None:
                    raise
            self._definitions[service.service_code] = known
        return known.value

    async def discovery(self) -> Discovery:
        """The discovery document. Raises Permanent where the profile names none."""
        if not self._profile.discovery_url:
            raise Permanent("the city's profile names no discovery_url")
        base = self._profile.discovery_url.removesuffix(".json").removesuffix(".xml")
        return wire.discovery(await self._endpoint.tree("discovery", base))

    # parts of the above

    def _fresh(self, at: datetime) -> bool:
        return self._endpoint.clock.now() - at < timedelta(minutes=self._profile.cache_minutes)

    async def _unchanged(self) -> bool:
        """Whether discovery says that nothing changed since it was last read: then all is believed anew."""
        if not self._profile.discovery_url:
            return False
        try:
            changeset = _changeset(await self.discovery(), self._profile.endpoint)
        except BridgeError:
            return False
        same, self._changeset = bool(changeset) and changeset == self._changeset, changeset
        if same and self._services:
            now = self._endpoint.clock.now()
            self._services = replace(self._services, at=now)
            self._definitions = {code: replace(known, at=now) for code, known in self._definitions.items()}
        return same

    def _stale(self, error: Retryable) -> tuple[Service, ...]:
        """The services known before. Raises the error when there are none."""
        if self._services is None:
            raise error
        _log.warning("city.services_stale", error=str(error))
        return self._services.value

    def _report(self, tree: Tree) -> None:
        found = survey.of_services(tree)
        for finding in found if found != self._odd_services else ():
            _log.warning("city.services_odd", level=finding.level, words=finding.words)
        self._odd_services = found

    async def _definition(self, service_code: str) -> tuple[Attribute, ...] | None:
        """Read where it can be: a city whose definitions fail still gets its reports."""
        path = f"{self._profile.services_path}/{quote(service_code, safe='')}"
        try:
            answer = await self._endpoint.get("definition", path)
        except Unreadable as error:
            _log.warning("city.definition_unreadable", service_code=service_code, error=str(error))
            self._odd_definitions[service_code] = survey.unreadable_definition(service_code, str(error))
            return None
        if not answer.success:
            _log.warning("city.definition_refused", service_code=service_code, status=answer.status)
            told = f"refused with {answer.status}"
            self._odd_definitions[service_code] = survey.unreadable_definition(service_code, told)
            return None
        self._odd_definitions[service_code] = survey.of_definition(service_code, answer.document.tree)
        return wire.definition(answer.document.tree) or None


def _changeset(told: Discovery, endpoint: str) -> str:
    """The changeset of this endpoint in a discovery document, of the whole document where it names others."""
    for named in told.endpoints:
        if str(named.get("url", "")).rstrip("/") == endpoint and named.get("changeset"):
            return str(named["changeset"])
    return told.changeset
