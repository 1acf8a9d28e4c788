"""Every failure, named by what the caller does next.

    BridgeError
    ├── Retryable      nothing happened at the other end: try again at or after `after` seconds
    ├── Permanent      trying again cannot help: a person must look
    ├── Unsure         it may or may not have happened: look it up before anything is sent again
    └── SettingsError  the operator must change a setting; the message is one line that names it

An adapter (channel, city client, geocoder) raises one of the first three and nothing else for what the
network does to it. The rule is RFC-like for all of them: when in doubt between Retryable and Unsure, Unsure.
"""

from __future__ import annotations

from typing import Literal

Fate = Literal["opted_out", "unreachable", "filtered", "barred"]


class BridgeError(Exception):
    """Base of all errors this project raises on purpose. `str(error)` is fit for an operator's log."""


class Retryable(BridgeError):
    """Nothing happened; the same call may succeed later. `after` is seconds to wait, None when unknown."""

    def __init__(self, reason: str, *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Permanent(BridgeError):
    """The other end refused for good. `words` are its own words, fit to show to staff; `fate` is what it says of
    the resident or the account, where it says anything."""

    def __init__(self, reason: str, *, words: str = "", code: str = "", fate: Fate | None = None) -> None:
        super().__init__(reason)
        self.words = words or reason
        self.code = code
        self.fate = fate


class Unsure(BridgeError):
    """The send may have landed (time-out, cut connection, unreadable answer)."""


class SettingsError(BridgeError):
    """A setting is unknown, missing or wrong; names the setting in one line."""
