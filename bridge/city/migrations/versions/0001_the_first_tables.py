"""Requests, who made them, and what happened to them.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _requests()
    _contacts()
    _notes()


def downgrade() -> None:
    for table in ("note", "contact", "request"):
        op.drop_table(table)


def _requests() -> None:
    op.create_table(
        "request",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("service_request_id", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("service_code", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_notes", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("agency_responsible", sa.String(), nullable=False),
        sa.Column("service_notice", sa.String(), nullable=False),
        sa.Column("requested_datetime", sa.DateTime(), nullable=False),
        sa.Column("updated_datetime", sa.DateTime(), nullable=False),
        sa.Column("expected_datetime", sa.DateTime(), nullable=True),
        sa.Column("visible_at", sa.DateTime(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_id", sa.String(), nullable=False),
        sa.Column("zipcode", sa.String(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("long", sa.Float(), nullable=True),
        sa.Column("media_url", sa.String(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_request"),
        sa.UniqueConstraint("service_request_id", name="uq_request_service_request_id"),
        sa.UniqueConstraint("token", name="uq_request_token"),
        sqlite_autoincrement=True,
    )
    for column in ("requested_datetime", "service_code", "updated_datetime"):
        op.create_index(f"ix_request_{column}", "request", [column])


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("request_number", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_number"],
            ["request.number"],
            name="fk_contact_request_number_request",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request_number", name="pk_contact"),
    )


def _notes() -> None:
    op.create_table(
        "note",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("request_number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_number"],
            ["request.number"],
            name="fk_note_request_number_request",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name="pk_note"),
        sqlite_autoincrement=True,
    )
    for column in ("created_at", "request_number"):
        op.create_index(f"ix_note_{column}", "note", [column])
