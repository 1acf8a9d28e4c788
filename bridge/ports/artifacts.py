"""Which models and gazetteers a city has, and which of them are in use."""

from __future__ import annotations

from typing import Protocol

from bridge.vocabulary import Artifact


class ArtifactsOf(Protocol):
    """Artifacts."""

    def active_artifact(self, city_id: str, kind: str) -> Artifact | None: ...
    def artifacts(self, city_id: str, kind: str) -> tuple[Artifact, ...]:
        """All on record, oldest first."""
        ...

    def blobs_in_use(self, photos: int) -> tuple[str, ...]:
        """The blobs of all artifacts in use, and of the newest so many photos that are shown."""
        ...

    def keep_artifact(self, city_id: str, kind: str, artifact: Artifact) -> str:
        """Records an artifact without taking it into use; the row's id."""
        ...

    def activate(self, city_id: str, kind: str, artifact: Artifact) -> None:
        """Records an artifact and makes it the one in use; earlier ones stay on record."""
        ...
