"""The built-in model: trained from the taxonomy and its corpora, kept in a folder named by all it depends on."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

import classifiers
from classifiers import minilm, pipeline
from classifiers.gloss import GLOSSES
from classifiers.keeping import keep
from classifiers.minilm import LANGUAGE
from classifiers.model import ALARMS, Lexicon, Model, save
from classifiers.pipeline import ALARM, ALARM_KINDS, SPOKEN, TYPES
from classifiers.training import fitting
from classifiers.training.taxonomy import (
    CORPUS,
    EMERGENCIES,
    GROUPS,
    TAXONOMY,
    Line,
    ServiceType,
    read_corpus,
    read_groups,
    read_taxonomy,
)

Floats = NDArray[np.float32]
Progress = Callable[[str], None]

_BUCKETS = 2048
_BUCKETS_OF_OTHERS = 4096  # where n-grams say more than the sentence model
_BUCKETS_OF_ALARMS = 8192  # people tell of an emergency in ever new words
_PENALTIES = fitting.Penalties(meaning=0.06, words=0.04, share_of_words=0.3)
_PENALTIES_OF_OTHERS = fitting.Penalties(meaning=0.06, words=0.04, share_of_words=0.7)
_PENALTIES_OF_ALARMS = fitting.Penalties(meaning=0.02, words=0.05, share_of_words=0.6)
_NONE = "none"
_MAY_ALARM = ("gas_odor_minor", "air_quality", "police_nonemergency")  # whose text may well be an emergency's too
_SCALE, _SCALE_OF_OTHERS = 1.4, 1.6  # cross-validation on the corpus: penalised fits are too timid
_CHUNK = 512  # texts embedded between two words of progress


def build(directory: Path, progress: Progress) -> Path:
    """Trains the model into `directory`/<hash>/ and returns that folder; at once when it is already there.

    The hash covers corpus, taxonomy, the code that reads them and whether the MiniLM weights are usable, so a
    changed corpus gives another folder. Takes about a minute on one core; sentence vectors are kept in
    `directory`/vectors.npz, so that the next build embeds changed lines only.
    """
    encoder = minilm.load_or_warn()
    target = directory / _fingerprint(encoder is not None)
    if target.is_dir():
        progress(f"service model {target.name}: ready")
        return target

    def train(made: Path) -> None:
        corpora = {path.stem: read_corpus(path) for path in sorted(CORPUS.glob("*.txt"))}
        progress(f"service model {target.name}: {sum(map(len, corpora.values()))} sentences")
        save(_model(corpora, _Vectors(directory / "vectors.npz", encoder, progress)), made)

    keep(target, train)
    progress(f"service model {target.name}: trained")
    return target


def _model(corpora: Mapping[str, Sequence[Line]], vectors: _Vectors) -> Model:
    nlps = {language: _train_types(language, lines, vectors) for language, lines in corpora.items()}
    nlp = nlps.pop(LANGUAGE)
    return Model(
        nlp=nlp,
        types=tuple(nlp.pipe_labels[TYPES]),
        lexicon=_lexicon(nlp, read_taxonomy(), corpora[LANGUAGE], vectors),
        others=nlps,
        spoken=_train_languages(corpora) if nlps else None,
    )


def _fingerprint(weights: bool) -> str:
    """Twelve hex digits of everything the model is made from."""
    root = Path(classifiers.__file__).parent
    code = [root / name for name in ("gloss.py", "minilm.py", "model.py", "pipeline.py")]
    code += [root / "training" / name for name in ("builtin.py", "fitting.py", "regression.py", "taxonomy.py")]
    digest = hashlib.sha256(repr((weights, minilm.PINS)).encode())
    for path in sorted(
        [TAXONOMY, GROUPS, *CORPUS.glob("*.txt"), *EMERGENCIES.glob("*.txt"), *GLOSSES.glob("*.txt"), *code]
    ):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _train_types(language: str, lines: Sequence[Line], vectors: _Vectors) -> Language:
    """A pipeline whose text categoriser knows the types of a corpus."""
    labels = sorted({line.type_id for line in lines})
    vectors.progress(f"fitting {len(labels)} types ({language})")
    nlp = pipeline.blank(language)
    read_well = language == LANGUAGE and pipeline.has_vectors(nlp)
    pipeline.add_textcat(nlp, TYPES, labels, _BUCKETS if read_well else _BUCKETS_OF_OTHERS)
    docs = vectors.docs(nlp, [line.text for line in lines])
    targets = np.array([labels.index(line.type_id) for line in lines])
    penalties, scale = (_PENALTIES, _SCALE) if read_well else (_PENALTIES_OF_OTHERS, _SCALE_OF_OTHERS)
    fitting.train(nlp, TYPES, docs, targets, penalties, scale)
    emergencies = EMERGENCIES / f"{language}.txt"
    if emergencies.is_file():
        others = [doc for doc, line in zip(docs, lines, strict=True) if line.type_id not in _MAY_ALARM]
        _train_alarms(nlp, read_corpus(emergencies), others, vectors)
    return nlp


def _train_alarms(nlp: Language, emergencies: Sequence[Line], others: Sequence[Doc], vectors: _Vectors) -> None:
    """Appends the text categoriser that tells what is for the emergency line from all else: what is clearly of
    a type is seldom an emergency, so it sees the types."""
    kinds = [*ALARMS, _NONE]
    labels = [ALARM + kind for kind in kinds]
    pipeline.add_textcat(nlp, ALARM_KINDS, labels, _BUCKETS_OF_ALARMS, nlp.pipe_labels[TYPES])
    docs = pipeline.categorised(nlp, TYPES, [*vectors.docs(nlp, [line.text for line in emergencies]), *others])
    targets = np.array([kinds.index(line.type_id) for line in emergencies] + [kinds.index(_NONE)] * len(others))
    fitting.train(nlp, ALARM_KINDS, docs, targets, _PENALTIES_OF_ALARMS)


def _train_languages(corpora: Mapping[str, Sequence[Line]]) -> Language:
    """A pipeline that tells the languages of the corpora apart by their words."""
    nlp = spacy.blank("xx")
    pipeline.add_textcat(nlp, SPOKEN, list(corpora), _BUCKETS)
    texts = [(line.text, at) for at, lines in enumerate(corpora.values()) for line in lines]
    docs = pipeline.make_docs([text for text, _ in texts])
    fitting.train(nlp, SPOKEN, docs, np.array([at for _, at in texts]), _PENALTIES)
    return nlp


def _lexicon(nlp: Language, types: Sequence[ServiceType], lines: Sequence[Line], vectors: _Vectors) -> Lexicon:
    """The words of the taxonomy as vectors; types in the order of the pipeline's labels."""
    labels = nlp.pipe_labels[TYPES]
    described = {kind.id: kind for kind in types}
    groups = list(read_groups())
    phrases = [(labels.index(kind.id), words) for kind in types for words in _phrases(kind)]
    wide = [(at, words) for at, names in enumerate(read_groups().values()) for words in names]

    def embed(texts: Sequence[str]) -> Floats:
        return pipeline.similarity_vectors(nlp, vectors.docs(nlp, texts))

    return Lexicon(
        phrases=embed([words for _, words in phrases]),
        phrase_types=np.array([at for at, _ in phrases]),
        sentences=embed([line.text for line in lines]),
        sentence_types=np.array([labels.index(line.type_id) for line in lines]),
        wide=embed([words for _, words in wide]),
        wide_groups=np.array([at for at, _ in wide]),
        groups=np.array([groups.index(described[each].group) if each in described else -1 for each in labels]),
        common=np.array([described[each].common if each in described else 1 for each in labels], np.float32),
    )


def _phrases(kind: ServiceType) -> list[str]:
    return list(dict.fromkeys([kind.name, *kind.names, *kind.keywords, kind.description]))


class _Vectors:
    """Sentence vectors by text, kept in a file between builds."""

    def __init__(self, path: Path, encoder: minilm.MiniLM | None, progress: Progress) -> None:
        self._path, self._encoder, self.progress = path, encoder, progress
        self._known: dict[str, Floats] = {}
        if encoder is not None and path.is_file():
            with np.load(path) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def docs(self, nlp: Language, texts: Sequence[str]) -> list[Doc]:
        """Docs of the texts, with vectors if the pipeline gives them any."""
        if self._encoder is None or not pipeline.has_vectors(nlp):
            return pipeline.make_docs(texts)
        readable = pipeline.sentence_vector(nlp).readable
        return pipeline.make_docs(texts, self._of(self._encoder, [readable(text) for text in texts]))

    def _of(self, encoder: minilm.MiniLM, texts: Sequence[str]) -> Floats:
        keys = [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        for start in range(0, len(missing), _CHUNK):
            chunk = list(missing.items())[start : start + _CHUNK]
            found = encoder.encode([text for _, text in chunk])
            self._known.update(zip([key for key, _ in chunk], found, strict=True))
            self.progress(f"sentence vectors: {start + len(chunk)} of {len(missing)}")
        if missing:
            self._save()
        return np.stack([self._known[key] for key in keys])

    def _save(self) -> None:
        """An interrupted write leaves the old file."""
        part = self._path.with_suffix(f".{secrets.token_hex(4)}.part.npz")
        np.savez(part, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        part.replace(self._path)
