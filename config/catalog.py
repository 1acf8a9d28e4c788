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


class EditedCatalog:
    """Implements `bridge.ports.Catalog`: the written catalogue, but for the texts a city has changed."""

    def __init__(self, written: GettextCatalog) -> None:
        self.written = written
        self.edited: Mapping[tuple[str, str], str] = {}

    def text(self, message_id: str, language: str, params: Mapping[str, str]) -> str:
        template = self.edited.get((language, message_id))
        if template is None:
            return self.written.text(message_id, language, params)
        return SLOT.sub(lambda slot: params[slot[1]], template)

    def fault(self, message_id: str, text: str) -> str:
        """What is wrong with a changed text, "" when nothing is: it may ask for what the English one does."""
        original = self.written.texts["en"].get(message_id)
        if original is None:
            return "there is no such message"
        unknown = set(SLOT.findall(text)) - set(SLOT.findall(original))
        if unknown:
            return f"it names %({min(unknown)})s, which is not known here"
        return "it holds a stray %" if "%(" in SLOT.sub("", text) else ""


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
