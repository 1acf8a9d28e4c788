"""The words residents read: gettext catalogues with symbolic ids, one file a language in `messages/`.

A message may use only the %(name)s its English original uses: a translation cannot ask for what the code does
not give, and a typing error in a file is found when it is loaded, not when a resident waits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

from bridge.errors import SettingsError

MESSAGES = Path(__file__).with_name("messages")
SLOT = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class GettextCatalog:
    """Implements `bridge.ports.Catalog`: language -> message id -> text."""

    texts: Mapping[str, Mapping[str, str]]

    def text(self, message_id: str, language: str, params: Mapping[str, str]) -> str:
        """The message, in English where that language lacks it. Raises KeyError for an id nobody wrote."""
        template = self.texts.get(language, {}).get(message_id) or self.texts["en"][message_id]
        return SLOT.sub(lambda slot: params[slot[1]], template)


def load_catalog(folder: Path = MESSAGES) -> GettextCatalog:
    """Every catalogue in the folder. Raises SettingsError for a message that asks for an unknown name."""
    texts = {path.stem: _read(path) for path in sorted(folder.glob("*.po"))}
    for language, messages in texts.items():
        for message_id, text in messages.items():
            unknown = set(SLOT.findall(text)) - set(SLOT.findall(texts["en"].get(message_id, "")))
            if unknown or message_id not in texts["en"]:
                raise SettingsError(f"messages/{language}.po: {message_id}: unknown {', '.join(unknown) or 'id'}")
    return GettextCatalog(texts)


def _read(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        catalog = read_po(file)
    return {str(message.id): str(message.string) for message in catalog if message.id and message.string}
