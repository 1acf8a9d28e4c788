"""The words a city has for where a request stands, each folded to GeoReport's open or closed.

They are those of mySociety's extension (its wiki page "Open311-FMS: Proposed differences to Open311"), lower
case as in its answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Status = Literal["open", "closed"]

STATES: Mapping[str, Status] = {
    "open": "open",
    "reopen": "open",
    "for_triage": "open",
    "investigating": "open",
    "internal_referral": "open",
    "planned": "open",
    "action_scheduled": "open",
    "in_progress": "open",
    "closed": "closed",
    "fixed": "closed",
    "duplicate": "closed",
    "not_councils_responsibility": "closed",
    "no_further_action": "closed",
    "cancelled": "closed",
}
UNCHANGED = "unchanged"  # a client's word for: this update says nothing of the status
