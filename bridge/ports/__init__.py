"""What the flow needs of the outside, as protocols. Adapters implement them; only `app` wires them.

Adapters return values and raise the errors of `bridge.errors`; none of them commits anything but the store.
"""

from __future__ import annotations

from bridge.ports.console import ConsoleOf
from bridge.ports.mailer import Mailer
from bridge.ports.outside import Accept, Blobs, Catalog, Channel, City, Classifier, Clock, Develop, Locator
from bridge.ports.store import Store, Transaction
from bridge.ports.wake import Committing, Queue, Wake

__all__ = [
    "Accept",
    "Blobs",
    "Catalog",
    "Channel",
    "City",
    "Classifier",
    "Clock",
    "Committing",
    "ConsoleOf",
    "Develop",
    "Locator",
    "Mailer",
    "Queue",
    "Store",
    "Transaction",
    "Wake",
]
