"""The City port over a GeoReport v2 endpoint: what the flow calls, each method in the words of the port.

    client = Client(profile, api_key)
    receipt = await client.submit(submission)

A submission is sent at most once by each call. Whoever gets Unsure asks `look_up` before sending again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import structlog

from bridge.errors import BridgeError, Permanent, Retryable
from bridge.open311 import answers, attributes, form, listing, matching, nearby, updates, wire
from bridge.open311.circuit import Paced
from bridge.open311.endpoint import PATIENCE, Endpoint, Sleep, Unreadable
from bridge.open311.following import Follower
from bridge.open311.listing import Listing, Query
from bridge.open311.offer import Offer
from bridge.open311.profile import Profile
from bridge.open311.shown import File
from bridge.open311.survey import Finding
from bridge.open311.updates import RequestUpdate
from bridge.ports import Clock
from bridge.vocabulary import (
    Attribute,
    Discovery,
    Followed,
    Followings,
    FollowUp,
    Lookup,
    Receipt,
    Service,
    ServiceRequest,
    Submission,
)

_log = structlog.get_logger(__name__)
_WIDEST_ZONE = timedelta(hours=14)

Photo = Callable[[str], Awaitable[File]]
"""Fetches a photo by its public URL, for cities that want the file itself."""


class Client:
    """One city's endpoint. Methods raise Retryable, Permanent or Unsure, and nothing else for what the
    network or the city does; no message of theirs holds the API key."""

    def __init__(
        self,
        profile: Profile,
        api_key: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        photo: Photo | None = None,
        patience: float = PATIENCE,
        paced: Paced | None = None,
    ) -> None:
        if profile.media == "multipart" and photo is None:
            profile = profile.model_copy(update={"media": "description"})
        self.profile = profile
        self.endpoint = Endpoint(profile, api_key, transport, clock, sleep, patience, paced)
        self._offer = Offer(self.endpoint)
        self._follower = Follower(self.endpoint)
        self._photo = photo
        self._stored: set[str] = set()  # references that the city refused to store twice

    # what the city offers

    async def services(self) -> tuple[Service, ...]:
        """The city's services, at most `cache_minutes` old; older ones when the city does not answer now."""
        return await self._offer.services()

    async def definition(self, service_code: str) -> tuple[Attribute, ...]:
        """The questions of a service, () when it has none; an empty or unreadable definition is none too."""
        service = next((s for s in await self.services() if s.service_code == service_code), None)
        return await self._offer.questions(service) or () if service else ()

    async def discovery(self) -> Discovery:
        """The discovery document. Raises Permanent where the profile names none."""
        return await self._offer.discovery()

    @property
    def oddities(self) -> tuple[Finding, ...]:
        """What the city's staff should know of its service list and its definitions, and of our key."""
        refused = self.endpoint.refused_key
        key = (Finding("bad", "API key", f"the city refuses it, reports are held: {refused}"),) if refused else ()
        return (*key, *self._offer.oddities)

    # a report out

    async def submit(self, submission: Submission) -> Receipt:
        """POSTs one service request, once. Raises Retryable (certainly not stored), Permanent (refused by us or
        by the city, with words for staff) or Unsure (may be stored)."""
        service = await self._offer.service(submission.service_code)
        questions = await self._questions(service) if service else None
        checked = self._checked(submission, service, questions)
        several = attributes.lists(questions) if questions is not None else _several(submission)
        fields = form.fields(checked, self.profile, self.endpoint.api_key, several)
        files = await self._files(submission)
        answer = await self.endpoint.post(self.profile.requests_path, fields, files)
        try:
            receipt = answers.posted(answer, self._sent(submission, service), self._now())
        except answers.AlreadyThere:
            self._stored.add(submission.reference)
            raise
        except BridgeError as error:
            raise self.endpoint.safe(error) from None
        _log.info("city.submitted", reference=submission.reference, id=receipt.service_request_id)
        return receipt

    async def look_up(self, submission: Submission, since: datetime) -> Lookup:
        """Looks for our own request among those requested since `since` (when the attempt began).

        Raises Retryable when the list cannot be read, or when it is too early to say more than "not yet": the
        city may still be storing it.
        """
        skew = timedelta(minutes=self.profile.clock_skew_minutes)
        if self.profile.false_utc:  # who prints local time with a Z may compare with local time as well
            skew += _WIDEST_ZONE
        try:
            found = await self.listing(Query(since - skew, self._now() + skew))
        except Permanent as error:
            if error.code == answers.KEY:
                raise Retryable(f"the city refuses our API key: {error}", after=answers.KEY_WAIT) from None
            return Lookup("cannot_tell", why=f"the city shows no list: {error}")
        return matching.settle(found.rows, submission, self.profile, since) or self._not_found(
            submission, found, since
        )

    async def resolve(self, token: str) -> str | None:
        """The service_request_id of a token; None while the city has none yet.

        A failure is "not yet" too: mySociety's handlers die with 500 while there is no id, and one token that a
        city cannot answer for must not stand in the way of the others."""
        try:
            answer = await self.endpoint.get("token", f"tokens/{_path(token)}")
        except Unreadable:
            return None
        if answer.success:
            return wire.token_id(answer.document.tree, token)
        if answer.status in self.profile.pending_statuses or answer.status >= 500:
            return None
        raise self.endpoint.error(answer)

    async def resolve_all(self, tokens: Sequence[str]) -> Mapping[str, str | None]:
        """The ids of these tokens, as far as this minute's reads go, and without those that following needs."""
        return await self._follower.resolve_all(tokens, self.resolve)

    # what became of it

    async def requests(self, service_request_ids: Sequence[str]) -> Mapping[str, ServiceRequest]:
        """Current rows of these ids, matched by id. Ids the city does not show are absent, as are those there
        was no read left for. Raises Retryable when nothing at all could be read."""
        return await self._follower.by_ids(list(dict.fromkeys(service_request_ids)))

    async def follow(self, followed: Sequence[Followed]) -> Followings:
        """Rows of these due requests by windows, ids or changes, as far as this minute's reads go."""
        return await self._follower.follow(followed)

    async def nearby(
        self, service_code: str, lat: float, long: float, metres: float, since: datetime
    ) -> tuple[ServiceRequest, ...]:
        """Open requests of a service within so many metres that one read shows. Raises Retryable or Permanent."""
        around = nearby.Around(lat, long, metres)
        return await nearby.nearby(self.endpoint, service_code, around, since, self._now())

    async def updates(self, start: datetime, end: datetime) -> tuple[RequestUpdate, ...]:
        """mySociety's service request updates of a time span."""
        return await self._follower.updates(start, end)

    async def post_update(self, follow_up: FollowUp) -> str:
        """POSTs what a resident adds to a request, once; the city's id for it, "" when it gives none. Raises
        Retryable, Permanent or Unsure."""
        fields = updates.form(follow_up, self.profile, self.endpoint.api_key)
        answer = await self.endpoint.post(updates.PATH, fields)
        try:
            return updates.posted(answer, self._now())
        except BridgeError as error:
            raise self.endpoint.safe(error) from None

    async def listing(self, query: Query, *, spare: int = 0) -> Listing:
        """Requests of a time window, for polling and for learning from the city's history."""
        return await listing.listing(self.endpoint, query, spare=spare)

    async def close(self) -> None:
        """Frees connections."""
        await self.endpoint.close()

    # parts of the above

    def _now(self) -> datetime:
        return self.endpoint.clock.now()

    async def _questions(self, service: Service) -> tuple[Attribute, ...] | None:
        """As far as they can be had: a city whose reads fail, or are used up for now, still gets reports."""
        try:
            return await self._offer.questions(service)
        except Retryable as error:
            _log.warning("city.definition_not_read", service_code=service.service_code, error=str(error))
            return None

    def _checked(
        self, submission: Submission, service: Service | None, questions: Sequence[Attribute] | None
    ) -> Submission:
        """The submission with its answers put as they are sent. Raises Permanent for those that cannot be."""
        if questions is None:
            return submission
        name = service.service_name if service else ""
        known = {
            "fixmystreet_id": submission.reference,
            "title": name,
            "category": name,
            "group": service.group if service else "",
            "description": " ".join(submission.description.split()),
            "closest_address": submission.address_string,
        }
        answers = attributes.filled(questions, submission.attributes, known)
        checked = attributes.check(questions, answers, self.profile.zone)
        if checked.faults:
            raise Permanent("; ".join(str(fault) for fault in checked.faults), code="attribute")
        return replace(submission, attributes=checked.values)

    async def _files(self, submission: Submission) -> dict[str, File]:
        """The first photo as a file, for a city that wants it so; none when it cannot be had for good."""
        if self.profile.media != "multipart" or not submission.media or self._photo is None:
            return {}
        try:
            return {self.profile.media_field: await self._photo(submission.media[0])}
        except Permanent as error:
            _log.warning("city.photo_left_out", reference=submission.reference, error=str(error))
            return {}

    def _sent(self, submission: Submission, service: Service | None) -> answers.Sent:
        return answers.Sent(
            service_code=submission.service_code,
            description=form.described(submission, self.profile),
            reference=submission.reference,
            marked=bool(self.profile.marker_of(submission.reference)),
            once=bool(self.profile.marker_attribute),
            blackbox=service is not None and service.type == "blackbox",
            check_echo=self.profile.check_echo,
        )

    def _not_found(self, submission: Submission, found: Listing, since: datetime) -> Lookup:
        settled = since + timedelta(seconds=self.profile.submit_seconds + self.profile.settle_seconds)
        if (early := (settled - self._now()).total_seconds()) > 0:
            raise Retryable("the city may still be storing the request", after=early)
        if submission.reference in self._stored:
            return Lookup("cannot_tell", why="the city refused it as stored already, and does not list it")
        if not found.complete:
            return Lookup("cannot_tell", why="the city's list was cut")
        if not self.profile.fresh_requests_listed:
            return Lookup("cannot_tell", why="it is not listed, and the profile does not say that fresh ones are")
        return Lookup("absent", why="it is not in a whole list of its time")


def _path(part: str) -> str:
    """One segment of a path, whatever an id holds."""
    return quote(part, safe="")


def _several(submission: Submission) -> frozenset[str]:
    """Which answers go as lists when the definition is not known: those of more than one value."""
    return frozenset(code for code, values in submission.attributes.items() if len(values) > 1)
