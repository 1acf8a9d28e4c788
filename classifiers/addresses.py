"""Finds the places a text names: a spaCy pipeline of our own, trained here from the training text.

The pipeline splits a text into words, gives each its folded form (so that "Ave.", "avenue" and "AV" are one
word to the model) and lets a named-entity recogniser mark the atoms: house-number addresses, blocks, streets,
landmarks, highways. `classifiers.places.grammar` then joins atoms into intersections and stretches and adds
what has a fixed shape: coordinates, map links, postcodes, pole numbers, relative words.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Collection
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import spacy
from spacy.lang.char_classes import ALPHA
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import filter_spans
from spacy.vocab import Vocab, create_vocab
from thinc.api import fix_random_seed

from bridge.errors import SettingsError
from bridge.vocabulary import Mention
from classifiers.keeping import keep
from classifiers.places import coordinates, grammar
from classifiers.places.examples import CORPUS, everyday_words, examples
from classifiers.places.invented import TEXT
from classifiers.places.words import DIRECTIONS, SUFFIXES, fold

VERSION = "1"
COUNT, ROUNDS, SEED = 6000, 3, 311
LONGEST = 10_000
"""Characters of a text that are read; nobody first names a place behind them."""

_MARKS = re.compile(r"[^\w\s]{8,}")
_PREFIX, _SUFFIX = re.compile(r"^[^\s\w]"), re.compile(r"[^\s\w]$")
_INNER = re.compile(rf"(?<=[{ALPHA}0-9])[^\s\w'’](?=[{ALPHA}0-9])|(?<=[{ALPHA}0-9])[&/@,;:()+-]|[&/@,;:()+#-]")

_CONFIG = {
    "model": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": {
                "@architectures": "spacy.MultiHashEmbed.v2",
                "width": 64,
                "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
                "rows": [4000, 1000, 1000, 1000],
                "include_static_vectors": False,
            },
            "encode": {
                "@architectures": "spacy.MaxoutWindowEncoder.v2",
                "width": 64,
                "window_size": 1,
                "maxout_pieces": 2,
                "depth": 2,
            },
        },
    }
}


def build(directory: Path, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Trains the extractor into `directory`/<hash> and returns that folder; at once when it is already there.

    The same training text and versions always give the same model. Takes well under a minute on one core.
    """
    target = directory / _fingerprint()
    if target.is_dir():
        progress("place extractor: up to date")
        return target

    def train(made: Path) -> None:
        progress("place extractor: training")
        _train(progress).to_disk(made)
        (made / "everyday.txt").write_text("\n".join(everyday_words()), encoding="utf-8")

    keep(target, train)
    return target


def load(path: Path) -> Extractor:
    """Loads what `build` made. Raises SettingsError when it is missing."""
    if not (path / "everyday.txt").is_file():
        raise SettingsError(f"place extractor {path}: missing, run make setup")
    everyday = frozenset((path / "everyday.txt").read_text(encoding="utf-8").split())
    return Extractor(spacy.load(path), everyday)


class Extractor:
    """Finds places in a text. Safe to share between threads, and as large after many texts as before."""

    def __init__(self, nlp: Language, everyday: Collection[str] = ()) -> None:
        self._nlp, self.everyday = nlp, everyday

    def find(self, text: str, language: str = "en") -> tuple[Mention, ...]:
        """The places a text names, in order, with exact offsets. Never raises for any text."""
        return tuple(j.mention for j in grammar.joined(text, self.atoms(text, language)))

    def atoms(self, text: str, language: str = "en") -> tuple[Mention, ...]:
        """The same before streets are joined into intersections and stretches."""
        text = text[:LONGEST]
        if not text.strip():
            return ()
        doc = self._nlp(self._words(_readable(text)))
        return grammar.atoms(text, ((e.start_char, e.end_char, e.label_) for e in doc.ents), self.everyday)

    def _words(self, text: str) -> Doc:
        """The text split, with a vocabulary that goes when it goes: the pipeline's own would keep every word."""
        vocab = create_vocab(self._nlp.lang, self._nlp.Defaults)
        for label in self._nlp.pipe_labels["ner"]:
            vocab.strings.add(label)
        doc: Doc = _tokenizer(vocab)(text)
        return doc


def _readable(text: str) -> str:
    """The text, letter for letter, without links, lone surrogates and long runs of marks."""
    text = coordinates.without_links(text).encode("utf-8", "replace").decode("utf-8")
    return _MARKS.sub(lambda run: " " * len(run[0]), text)


# ------------------------------------------------------------------------------------------- pipeline


@Language.component("place_norms")
def place_norms(doc: Doc) -> Doc:
    """Gives every word its folded form, so that spellings of one street suffix or direction look alike."""
    for token in doc:
        token.norm_ = _norm(token.lower_)
    return doc


@lru_cache(maxsize=8_192)
def _norm(word: str) -> str:
    key = fold(word)
    if not key:
        return word
    if key.isdigit():
        return "0" * min(len(key), 6)
    if re.fullmatch(r"\d+(st|nd|rd|th)", key):
        return "0th"
    if key in SUFFIXES:
        return SUFFIXES[key]
    return DIRECTIONS.get(key, key)


def _blank() -> Language:
    nlp = spacy.blank("xx")
    nlp.tokenizer = _tokenizer(nlp.vocab)
    nlp.add_pipe("place_norms")
    nlp.add_pipe("ner", config=_CONFIG)
    return nlp


def _tokenizer(vocab: Vocab) -> Tokenizer:
    """Splits at every mark except an apostrophe or full stop within a word: "5th/Main", "A&B", "St.,"."""
    return Tokenizer(
        vocab, prefix_search=_PREFIX.search, suffix_search=_SUFFIX.search, infix_finditer=_INNER.finditer
    )


# ------------------------------------------------------------------------------------------- training


def _train(progress: Callable[[str], None]) -> Language:
    fix_random_seed(SEED)
    nlp = _blank()
    data = [_example(nlp, text, spans) for text, spans in examples(COUNT, SEED)]
    optimizer = nlp.initialize(lambda: data[:500])
    optimizer.learn_rate = 0.002
    chance = random.Random(SEED)  # noqa: S311 - a repeatable order, not secrets
    for turn in range(1, ROUNDS + 1):
        chance.shuffle(data)
        losses: dict[str, float] = {}
        optimizer.learn_rate = 0.002 if turn < ROUNDS else 0.0007
        for at in range(0, len(data), 64):
            nlp.update(data[at : at + 64], drop=0.15, sgd=optimizer, losses=losses)
        progress(f"place extractor: round {turn} of {ROUNDS}, loss {losses['ner']:.0f}")
    return nlp


def _example(nlp: Language, text: str, spans: list[tuple[int, int, str]]) -> Example:
    predicted = place_norms(nlp.make_doc(text))
    gold = predicted.copy()
    found = [gold.char_span(s, e, label=label, alignment_mode="expand") for s, e, label in spans]
    gold.ents = filter_spans([span for span in found if isinstance(span, Span)])
    return Example(predicted, gold)


def _fingerprint() -> str:
    """Twelve hex digits that change whenever the training text, the invented places or the versions do."""
    digest = hashlib.sha256(f"{VERSION} {version('spacy')} {COUNT} {ROUNDS} {json.dumps(_CONFIG)}".encode())
    code = Path(__file__).parent / "places"
    sources = [*sorted(TEXT.iterdir()), CORPUS, code / "examples.py", code / "invented.py"]
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
