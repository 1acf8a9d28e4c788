"""Who may come in, and who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.console.part import Part
from bridge.vocabulary.console import Account, Invitation, SignedIn, Trace


class Accounts(Part):
    """People, sessions, invitations and the audit log."""

    def accounts(self) -> tuple[Account, ...]:
        return tuple(map(_account, self._session.exec(select(t.StaffAccount).order_by(col(t.StaffAccount.name)))))

    def account(self, account_id: str) -> Account | None:
        row = self._session.get(t.StaffAccount, account_id)
        return _account(row) if row else None

    def account_by_email(self, email: str) -> Account | None:
        row = self._session.exec(select(t.StaffAccount).where(t.StaffAccount.email == email.lower())).first()
        return _account(row) if row else None

    def add_account(self, account: Account) -> Account:
        row = t.StaffAccount(
            email=account.email.lower(),
            name=account.name,
            role=account.role,
            cities=list(account.cities),
            password_hash=account.password_hash,
            created_at=self._clock.now(),
        )
        self._session.add(row)
        self._session.flush()
        return _account(row)

    def change_account(self, account_id: str, changes: Mapping[str, Any]) -> None:
        row = self._session.get_one(t.StaffAccount, account_id)
        for name, value in changes.items():
            setattr(row, name, list(value) if name == "cities" else value)
        self._session.flush()

    def open_session(self, session: SignedIn, address: str) -> None:
        self._session.add(
            t.StaffSession(
                id=session.session_id,
                account_id=session.account.id,
                csrf=session.csrf,
                address=address,
                created_at=session.created_at,
                seen_at=session.seen_at,
                expires_at=session.expires_at,
            )
        )
        self._session.get_one(t.StaffAccount, session.account.id).last_seen_at = session.created_at

    def session(self, session_id: str, now: datetime) -> SignedIn | None:
        statement = (
            select(t.StaffSession, t.StaffAccount)
            .join(t.StaffAccount, col(t.StaffAccount.id) == col(t.StaffSession.account_id))
            .where(
                t.StaffSession.id == session_id,
                t.StaffSession.expires_at > now,
                col(t.StaffAccount.active).is_(True),
            )
        )
        found = self._session.exec(statement).first()
        if found is None:
            return None
        row, account = found
        return SignedIn(row.id, _account(account), row.csrf, row.created_at, row.seen_at, row.expires_at)

    def touch_session(self, session_id: str, now: datetime) -> None:
        self._session.execute(
            update(t.StaffSession).where(col(t.StaffSession.id) == session_id).values(seen_at=now)
        )

    def end_sessions(self, *, session_id: str = "", account_id: str = "") -> None:
        which = (
            col(t.StaffSession.id) == session_id if session_id else col(t.StaffSession.account_id) == account_id
        )
        self._session.execute(delete(t.StaffSession).where(which))

    def invite(self, token_hash: str, invitation: Invitation) -> None:
        self._session.add(
            t.StaffInvitation(
                id=token_hash,
                email=invitation.email.lower(),
                role=invitation.role,
                cities=list(invitation.cities),
                account_id=invitation.account_id,
                expires_at=invitation.expires_at,
            )
        )

    def invitation(self, token_hash: str, now: datetime) -> Invitation | None:
        row = self._session.get(t.StaffInvitation, token_hash)
        if row is None or row.used_at or row.expires_at <= now:
            return None
        return Invitation(row.email, row.role, row.expires_at, tuple(row.cities), row.account_id)  # type: ignore[arg-type]  # written by us alone

    def use_invitation(self, token_hash: str) -> None:
        self._session.get_one(t.StaffInvitation, token_hash).used_at = self._clock.now()

    def audit(self, trace: Trace) -> None:
        self._session.add(
            t.AuditEntry(
                at=self._clock.now(),
                account_id=trace.account_id,
                who=trace.who,
                action=trace.action,
                subject=trace.subject,
                subject_id=trace.subject_id,
                detail=dict(trace.detail),
                address=trace.address,
            )
        )

    def audited(self, after: str = "", who: str = "", limit: int = 100) -> tuple[Trace, ...]:
        statement = select(t.AuditEntry).order_by(col(t.AuditEntry.id).desc()).limit(limit)
        if after:
            statement = statement.where(t.AuditEntry.id < after)
        if who:
            statement = statement.where(t.AuditEntry.account_id == who)
        return tuple(map(_trace, self._session.exec(statement)))

    def failed_logins(self, email: str, address: str, since: datetime) -> tuple[int, int]:
        failed = (t.AuditEntry.action == "login.failed", t.AuditEntry.at >= since)
        count = select(func.count()).select_from(t.AuditEntry).where(*failed)
        named = self._session.exec(count.where(t.AuditEntry.who == email.lower())).one()
        return named, self._session.exec(count.where(t.AuditEntry.address == address)).one()


def _account(row: t.StaffAccount) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,  # type: ignore[arg-type]  # written by us alone, from the same Literal
        cities=tuple(row.cities),
        active=row.active,
        shortcuts=row.shortcuts,
        theme=row.theme,  # type: ignore[arg-type]  # written by us alone, from the same Literal
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        password_hash=row.password_hash,
    )


def _trace(row: t.AuditEntry) -> Trace:
    known = Trace(row.action, row.subject, row.subject_id, row.detail, row.account_id, row.who, row.address)
    return replace(known, at=row.at, id=row.id)
