"""Faults any server can have: it is slow, dead, throttled, cut off, or something else answers in its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bridge.city.imitation.exchange import Asked, Reply, on_ask, on_reply

HTML = b"<!DOCTYPE html><html><head><title>Service</title></head><body><h1>Please try later</h1></body></html>"
PAGE = "text/html; charset=utf-8"


@on_reply("slow")
def slow(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Answers after so many seconds (2): what was asked is done at once."""
    return replace(reply, delay=float(argument or 2))


@on_ask("status")
def status(asked: Asked, argument: str) -> Reply:
    """Answers with this HTTP status (500) and does nothing."""
    return _error(int(argument or 500))


@on_reply("status-after")
def status_after(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Does what was asked, then answers with this HTTP status (500)."""
    return _error(int(argument or 500))


@on_ask("throttled")
def throttled(asked: Asked, argument: str) -> Reply:
    """429 with Retry-After of so many seconds (30), nothing done."""
    return replace(_error(429), headers={"retry-after": argument or "30"})


@on_ask("rate-limit")
def rate_limit(asked: Asked, argument: str) -> Asked | Reply:
    """Connected Bits servers (Boston, Austin, San Francisco): so many requests a minute (10), then 429 with
    Retry-After."""
    since = asked.now - timedelta(minutes=1)
    calls = [at for at in asked.memory.get("calls", []) if at > since]
    asked.memory["calls"] = calls
    if len(calls) >= int(argument or 10):
        wait = (calls[0] - since).total_seconds()
        return replace(_error(429), headers={"retry-after": str(int(wait) + 1)})
    calls.append(asked.now)
    return asked


@on_ask("drop")
def drop(asked: Asked, argument: str) -> Reply:
    """Cuts the connection, nothing done."""
    return Reply(then="drop", content=b"")


@on_reply("drop-after")
def drop_after(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Does what was asked, then cuts the connection without an answer."""
    return replace(reply, then="drop")


@on_reply("truncated")
def truncated(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Does what was asked and breaks off in the middle of the answer."""
    return replace(reply, then="truncate")


@on_ask("html")
def html(asked: Asked, argument: str) -> Reply:
    """A proxy's page with this HTTP status (200), nothing done."""
    return Reply(int(argument or 200), content=HTML, content_type=PAGE)


@on_reply("html-after")
def html_after(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Does what was asked and answers with a page and this HTTP status (200)."""
    return Reply(int(argument or 200), content=HTML, content_type=PAGE)


@on_ask("empty-body")
def empty_body(asked: Asked, argument: str) -> Reply:
    """200 and not one byte, nothing done."""
    return Reply(content=b"")


@on_reply("empty-body-after")
def empty_body_after(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Does what was asked, then 200 and not one byte."""
    return Reply(content=b"")


@on_ask("empty-list")
def empty_list(asked: Asked, argument: str) -> Reply:
    """200 with an empty list, nothing done (simple-crm given an emoji)."""
    return Reply(value=[])


@on_reply("empty-list-after")
def empty_list_after(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Does what was asked, then 200 with an empty list."""
    return replace(reply, status=200, value=[])


@on_ask("foreign-list")
def foreign_list(asked: Asked, argument: str) -> Asked:
    """A POST is taken for a GET: 200 with other people's requests, nothing stored (uReport, simple-crm)."""
    return asked.as_list() if asked.posts else asked


@on_ask("form-or-list")
def form_or_list(asked: Asked, argument: str) -> Asked:
    """A POST without a service_code in its form is a GET (uReport, simple-crm given JSON)."""
    return asked.as_list() if asked.posts and "service_code" not in asked.arguments else asked


@on_ask("redirect")
def redirect(asked: Asked, argument: str) -> Asked | Reply:
    """Redirects once to the same path with `moved=1`, by this HTTP status (301)."""
    if ("moved", "1") in asked.query:
        return asked
    headers = {"location": f"{asked.prefix}{asked.path}?moved=1"}
    return Reply(int(argument or 301), content=b"", headers=headers)


@on_ask("emoji-lost")
def emoji_lost(asked: Asked, argument: str) -> Asked | Reply:
    """200 with an empty list and nothing stored when a character needs four bytes (simple-crm)."""
    return Reply(value=[]) if _four_bytes(asked) else asked


@on_ask("emoji-hangs")
def emoji_halves(asked: Asked, argument: str) -> Asked:
    """A character of four bytes leaves a row without description and never an answer; the connection is cut
    after so many seconds (2) (codefornl)."""
    if not _four_bytes(asked):
        return asked
    kept = tuple((name, "" if name == "description" else value) for name, value in asked.form)
    return replace(asked.with_form(kept), marks=asked.marks | {"emoji"})


@on_reply("emoji-hangs")
def emoji_hangs(asked: Asked, reply: Reply, argument: str) -> Reply:
    return replace(reply, delay=float(argument or 2), then="drop") if "emoji" in asked.marks else reply


def _four_bytes(asked: Asked) -> bool:
    return asked.posts and any(ord(character) > 0xFFFF for _, value in asked.form for character in value)


def _error(code: int) -> Reply:
    return Reply(code, "errors", [{"code": code, "description": "The service is not available."}])
