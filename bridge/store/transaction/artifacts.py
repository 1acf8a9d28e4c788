"""Which models and gazetteers a city has, and which of them are in use."""

from __future__ import annotations

from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Artifact


class Artifacts(Unit):
    """The part of a transaction that is about artifacts."""

    def active_artifact(self, city_id: str, kind: str) -> Artifact | None:
        statement = (
            select(t.Artifact)
            .join(t.ActiveArtifact, col(t.ActiveArtifact.artifact_id) == col(t.Artifact.id))
            .where(t.ActiveArtifact.city_id == city_id, t.ActiveArtifact.kind == kind)
        )
        row = self._session.exec(statement).first()
        return Artifact(row.blob_id, row.manifest) if row else None

    def blobs_in_use(self, photos: int) -> tuple[str, ...]:
        active = select(t.Artifact.blob_id).join(
            t.ActiveArtifact, col(t.ActiveArtifact.artifact_id) == col(t.Artifact.id)
        )
        shown = select(t.Media.blob_id).where(col(t.Media.revoked_at).is_(None))
        newest = shown.order_by(col(t.Media.id).desc()).limit(photos)
        return tuple(dict.fromkeys((*self._session.exec(active), *self._session.exec(newest))))

    def artifacts(self, city_id: str, kind: str) -> tuple[Artifact, ...]:
        statement = select(t.Artifact).where(t.Artifact.city_id == city_id, t.Artifact.kind == kind)
        rows = self._session.exec(statement.order_by(col(t.Artifact.id)))
        return tuple(Artifact(row.blob_id, row.manifest) for row in rows)

    def activate(self, city_id: str, kind: str, artifact: Artifact) -> None:
        id_ = self.keep_artifact(city_id, kind, artifact)
        active = t.ActiveArtifact(city_id=city_id, kind=kind, artifact_id=id_, since=self._clock.now())
        self._session.merge(active)

    def keep_artifact(self, city_id: str, kind: str, artifact: Artifact) -> str:
        self._in_turn("artifact", city_id, kind)  # processes that start together all bring the built-in ones
        same = select(t.Artifact).where(
            t.Artifact.city_id == city_id, t.Artifact.kind == kind, t.Artifact.blob_id == artifact.blob_id
        )
        row = self._session.exec(same).first() or t.Artifact(
            city_id=city_id,
            kind=kind,
            blob_id=artifact.blob_id,
            manifest=dict(artifact.manifest),
            created_at=self._clock.now(),
        )
        self._session.add(row)
        self._session.flush()
        return row.id
