"""The certificates that outgoing HTTPS is checked against, loaded once: loading takes 30 ms a time."""

from __future__ import annotations

import functools
import ssl

import httpx


@functools.cache
def trusted() -> ssl.SSLContext:
    """httpx's own default context, shared by all accounts."""
    return httpx.create_ssl_context()
