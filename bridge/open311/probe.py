"""`city check`: what an endpoint can and cannot do, found by reading alone, and the profile that copes with it.

    check = await probe("https://city.example/open311/v2")
    print(check.report())        # one line a finding
    print(check.suggestion())    # a profile as TOML

About twenty reads, at ten a minute. Nothing is written; what only a POST can show stays at its default and is
left to `write_test`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

import httpx

from bridge.errors import Permanent
from bridge.open311 import profile_toml, survey, wire
from bridge.open311.answers import Answer
from bridge.open311.bench import Bench, bench
from bridge.open311.documents import Format
from bridge.open311.endpoint import Sleep
from bridge.open311.probe_requests import REQUEST_STEPS
from bridge.open311.profile import Profile, checked
from bridge.open311.survey import Finding
from bridge.ports import Clock
from bridge.vocabulary import Service, ServiceRequest

_KNOWN_ENDING = re.compile(r"/(services|requests|discovery)(\.(json|xml))?$", re.IGNORECASE)
_FORMATS: tuple[Format, ...] = ("json", "xml")
_DEFINITIONS = 3  # definitions looked at; each is a read


@dataclass(frozen=True, slots=True)
class Check:
    """What a probe found. `why` says for each switch of the profile that is set, what it was set for."""

    profile: Profile
    findings: tuple[Finding, ...]
    services: tuple[Service, ...]
    recent: tuple[ServiceRequest, ...]
    why: dict[str, str]
    reads: int

    @property
    def verdict(self) -> Literal["clean", "odd", "bad"]:
        """clean: as the specification has it; odd: the profile copes; bad: a person must act."""
        levels = {finding.level for finding in self.findings}
        return "bad" if "bad" in levels else "odd" if "odd" in levels else "clean"

    def report(self) -> str:
        """A line for each finding."""
        return "\n".join(f"{finding.level:<4}  {finding}" for finding in self.findings)

    def suggestion(self) -> str:
        """The profile as TOML: what differs from the specification, each switch with what was seen."""
        return profile_toml.suggested(self.profile, self.why)


async def probe(
    url: str,
    *,
    api_key: str | None = None,
    jurisdiction_id: str = "",
    time_zone: str = "UTC",
    reads_per_minute: int = 10,
    key_on_reads: Literal["no", "parameter", "bearer"] = "no",
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
    progress: Callable[[str], None] = lambda _: None,
) -> Check:
    """Reads an endpoint (or any URL of it) and says what it is. `progress` gets each finding as it is made.

    Raises Permanent when there is no GeoReport v2 endpoint at the URL; SettingsError when it is no URL.
    """
    endpoint = _KNOWN_ENDING.sub("", url.strip().rstrip("/"))
    start = checked(
        {
            "endpoint": endpoint,
            "jurisdiction_id": jurisdiction_id,
            "time_zone": time_zone,
            "reads_per_minute": reads_per_minute,
            "key_on_reads": key_on_reads,
        }
    )
    work = bench(start, api_key, transport, clock, sleep, progress)
    try:
        for step in (_services, _definitions, _discovery, *REQUEST_STEPS):
            await step(work)
    finally:
        await work.http.aclose()
    return Check(work.profile, tuple(work.findings), work.services, work.recent, work.why, work.reads)


# --------------------------------------------------------------------------------- formats and services


async def _services(work: Bench) -> None:
    readable = {format: answer for format in _FORMATS if (answer := await _service_list(work, format))}
    if not readable:
        readable = await _without_suffix(work)
    formats = tuple(readable)
    if formats == _FORMATS:
        work.note("fine", "formats", "JSON and XML")
    else:
        work.quirk("formats", f"{formats[0].upper()} only", formats=formats)
    _moved(work, readable[formats[0]], formats[0])
    tree = readable[formats[0]].document.tree
    work.services = wire.services(tree)
    work.findings += (odd := survey.of_services(tree))
    for finding in odd:
        work.progress(f"{finding.level:<4}  {finding}")
    kinds = ", ".join(sorted({service.type for service in work.services}))
    work.note("fine", "services", f"{len(work.services)} services, {kinds or 'none'}")


def _moved(work: Bench, answer: Answer, format: Format) -> None:
    """Reads follow redirects and posts do not, so a profile has to name the place itself."""
    old, path = httpx.URL(work.profile.endpoint), f"/{work.profile.services_path}"
    path += f".{format}" if work.profile.suffix else ""
    new = httpx.URL(answer.url.removesuffix(path))
    if new == old:
        return
    told = f"moved to {new}: reads are redirected there, a report would be refused here"
    if new.host == old.host and answer.url.endswith(path):
        work.quirk("endpoint", told, endpoint=str(new))
    else:
        work.note("bad", "endpoint", f"{told}; check again with the address the city gives you")


async def _service_list(work: Bench, format: Format) -> Answer | None:
    answer = await work.ask(work.profile.services_path, format=format)
    if answer is None:
        return None
    if not answer.success:
        level: survey.Level = "odd" if answer.status == 404 else "bad"
        work.note(
            level, f"services.{format}", f"answered {answer.status}: {wire.words(answer.document) or 'no words'}"
        )
        return None
    if not answer.document.readable or not wire.services(answer.document.tree):
        work.note(
            "odd", f"services.{format}", f"answered {answer.status} with {answer.document.kind} and no service"
        )
        return None
    if answer.document.kind != format:
        work.note("odd", f"services.{format}", f"is {answer.document.kind}")
    return answer


async def _without_suffix(work: Bench) -> dict[Format, Answer]:
    """West Berkshire has no suffixes and capital letters."""
    plain = work.profile
    for services, requests in (("services", "requests"), ("Services", "Requests")):
        switches = {
            "suffix": False,
            "services_path": services,
            "requests_path": requests,
            "request_path": requests,
        }
        work.profile = plain.model_copy(update=switches)
        answer = await _service_list(work, "json")
        if answer and answer.document.kind in _FORMATS:
            work.quirk("formats", "paths have no suffix", **switches)
            return {"xml" if answer.document.kind == "xml" else "json": answer}
    raise Permanent(f"no GeoReport v2 service list at {plain.endpoint}")


# ------------------------------------------------------------------------------ definitions and discovery


async def _definitions(work: Bench) -> None:
    asked = [service.service_code for service in work.services if service.metadata]
    for code in asked[:_DEFINITIONS]:
        for format in work.profile.formats:
            await _definition(work, code, format)
    if asked:
        work.note("fine", "definitions", f"for {len(asked)} of {len(work.services)} services")


async def _definition(work: Bench, code: str, format: Format) -> None:
    answer = await work.ask(f"{work.profile.services_path}/{quote(code, safe='')}", format=format)
    if answer is None:
        return
    if not answer.success or not answer.document.readable:
        told = f"answered {answer.status} with {answer.document.kind}"
        work.note("odd", f"definition of {code}", f"{told} as {format}: the other format is asked, or nothing")
        return
    for finding in survey.of_definition(code, answer.document.tree):
        work.note(finding.level, finding.subject, f"{finding.words} ({format})")


async def _discovery(work: Bench) -> None:
    answer = await work.ask("discovery")
    if answer is None or not answer.success or not (told := wire.discovery(answer.document.tree)).endpoints:
        work.note("odd", "discovery", "none beneath the endpoint")
        return
    suffix = f".{work.profile.formats[0]}" if work.profile.suffix else ""
    work.set("found beneath the endpoint", discovery_url=f"{work.profile.endpoint}/discovery{suffix}")
    named = [str(endpoint.get("url", "")).rstrip("/") for endpoint in told.endpoints]
    if work.profile.endpoint in named:
        work.note("fine", "discovery", f"names this endpoint, changeset {told.changeset or 'missing'}")
    else:
        work.note("odd", "discovery", f"names other endpoints, which are not followed: {', '.join(named)}")
