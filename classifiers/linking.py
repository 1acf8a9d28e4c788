"""Which service of a city's list takes which type of the taxonomy: P(service | type), from words alone.

Three witnesses speak for a pair of type and service, each over every wording of the service (its name, the parts
of it, keywords, description): how near the wording is to the type's own words, what the text categoriser takes
the wording for, and how often the type's training sentences are nearer to this service than to all others. A
wide service ("Parks request") may also be named like the type's group. What nobody claims goes to the city's
catch-all service, or a little to everyone. The weights were chosen on reports of several cities.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np

from bridge.vocabulary import Service
from classifiers.minilm import LANGUAGE
from classifiers.model import Floats, Ints, Lexicon, Model, read

_NEARNESS, _TAKEN_FOR, _SENTENCES = 7.0, 0.5, 1.2  # weights of the witnesses
_WIDE = 0.1  # how much nearer a wide name must be than the type's own words
_DOUBT = 7.0 * 0.52 + 0.5 * np.log(0.1) + 1.2 * np.log(0.15)  # a claim of this strength is half believed
_DIRECT = 14.0  # how fast a service loses a text to one whose words are nearer
_CATCH_ALL = 0.02  # most that a catch-all service gets for the nearness of its name
_MOST_KEYWORDS = 8
_MOST_WORDS = 6000  # of a whole list beside its names, shared by its services; each costs about a millisecond
_FEWEST = 4  # words of a description that are worth reading
_PARTS = re.compile(r"\s*(?:/|,|;|&|\band\b|\bor\b|\s-\s|[()\[\]])\s*", re.IGNORECASE)


class ServiceWords:
    """A service list as vectors, and what follows from it alone."""

    def __init__(self, model: Model, services: Sequence[Service]) -> None:
        share = _MOST_WORDS // max(len(services), 1)
        wordings = [_wordings(service, share) for service in services]
        self._count = len(services)
        self._starts = np.cumsum([0, *map(len, wordings)], dtype=np.int64)[:-1]
        said = list(chain.from_iterable(wordings))
        self._reading = read(model, said, [LANGUAGE] * len(said))
        self._catch_all = np.array([service.is_catch_all for service in services], dtype=bool)
        nearness = self._nearness(model.lexicon.sentences)
        self._usual = nearness.mean(axis=0)
        self.links = self._links(model, self._chosen(nearness))

    def direct(self, vectors: Floats) -> Floats:
        """P(service) of texts by their nearness to the list's own words, beyond what any text has to them."""
        return self._chosen(self._nearness(vectors))

    def _chosen(self, nearness: Floats) -> Floats:
        p = softmax(_DIRECT * (nearness - self._usual))
        p[:, self._catch_all] = np.minimum(p[:, self._catch_all], _CATCH_ALL)
        return normalised(p)

    def _links(self, model: Model, direct: Floats) -> Floats:
        """P(service | type), shape (types, services)."""
        lexicon = model.lexicon
        types = range(len(model.types))
        claims = _NEARNESS * self._named(lexicon, types)
        claims += _TAKEN_FOR * np.log(self._best(self._reading.types.T) + 1e-3)
        claims += _SENTENCES * np.log(_means(direct, lexicon.sentence_types, types) + 1e-3)
        claims = np.exp(claims - _DOUBT)
        if self._catch_all.any():
            claims[:, self._catch_all] = 1.0 / self._catch_all.sum()
        else:
            claims += 1.0 / max(self._count, 1)
        return normalised(claims)

    def _named(self, lexicon: Lexicon, types: Sequence[int]) -> Floats:
        """Cosine of the nearest pair of words of each type, or of its group, and each service."""
        own = self._best(_maxima(lexicon.phrases @ self._reading.vectors.T, lexicon.phrase_types, types))
        groups = range(int(lexicon.groups.max(initial=-1)) + 1)
        wide = self._best(_maxima(lexicon.wide @ self._reading.vectors.T, lexicon.wide_groups, groups))
        wide = np.vstack([wide, np.full((1, self._count), -1.0, dtype=np.float32)])  # row -1: no group
        nearest: Floats = np.maximum(own, wide[lexicon.groups] - _WIDE)
        return nearest

    def _nearness(self, vectors: Floats) -> Floats:
        """Cosine of each vector to the nearest wording of each service, shape (vectors, services)."""
        return self._best(vectors @ self._reading.vectors.T)

    def _best(self, by_wording: Floats) -> Floats:
        """The maximum over the wordings of each service, shape (rows, wordings) to (rows, services)."""
        if not self._count:
            return by_wording[:, :0]
        best: Floats = np.maximum.reduceat(by_wording, self._starts, axis=1)
        return best


def softmax(logits: Floats) -> Floats:
    """Row-wise probabilities."""
    return normalised(np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf)))


def normalised(p: Floats) -> Floats:
    """Rows that sum to one."""
    out: Floats = p / np.maximum(p.sum(axis=1, keepdims=True), np.float32(1e-12))
    return out


def _wordings(service: Service, share: int) -> list[str]:
    """The name, and in `share` words its parts, the keywords, the description; at least one."""
    name = service.service_name.replace("_", " ").strip() or service.service_code
    parts = [part for part in _PARTS.split(name) if len(part) > 2]
    keywords = service.keywords[:_MOST_KEYWORDS]
    said = [name or "-"]
    for wording in (*parts, *keywords, service.description):
        words = wording.split()[: max(0, share - sum(map(_length, said[1:])))]
        if words and (len(words) >= _FEWEST or len(words) == _length(wording)):
            said.append(" ".join(words))
    return list(dict.fromkeys(said))


def _length(wording: str) -> int:
    return len(wording.split())


def _maxima(rows: Floats, owner: Ints, owners: Sequence[int]) -> Floats:
    """The maximum of the rows of each owner, -1 where it has none; shape (owners, columns)."""
    out = np.full((len(owners), rows.shape[1]), -1.0, dtype=np.float32)
    order, starts = _runs(owner)
    if len(order):
        out[owner[order][starts]] = np.maximum.reduceat(rows[order], starts, axis=0)
    return out


def _means(rows: Floats, owner: Ints, owners: Sequence[int]) -> Floats:
    """The mean of the rows of each owner, 0 where it has none; shape (owners, columns)."""
    out = np.zeros((len(owners), rows.shape[1]), dtype=np.float32)
    order, starts = _runs(owner)
    if len(order):
        sizes = np.diff([*starts, len(order)]).astype(np.float32)
        out[owner[order][starts]] = np.add.reduceat(rows[order], starts, axis=0) / sizes[:, None]
    return out


def _runs(owner: Ints) -> tuple[Ints, Ints]:
    """An order that brings the rows of each owner together, and where each run starts in it."""
    order = np.argsort(owner, kind="stable")
    return order, np.flatnonzero(np.diff(owner[order], prepend=-1))
