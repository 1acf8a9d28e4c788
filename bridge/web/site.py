"""The bridge's HTTP surface: the channels' hooks, and applications mounted under a prefix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from bridge.ports import Accept, Channel
from bridge.web.bounds import Bounded


def site(
    channels: Iterable[Channel],
    accept: Accept,
    mounts: Mapping[str, ASGIApp],
    pages: Iterable[BaseRoute] = (),
) -> Starlette:
    """One application. `mounts` maps a prefix ("/open311/fairview/v2") to an application."""
    hooks = [hook for channel in channels for hook in channel.hooks(accept)]
    mounted = [Mount(prefix, app) for prefix, app in mounts.items()]
    return Starlette(routes=[*hooks, *mounted, *pages], middleware=[Middleware(Bounded)])
