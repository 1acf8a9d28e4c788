"""Photos, updates that clients post, and the city's own word for a status.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("request", sa.Column("state", sa.String(), server_default="open", nullable=False))
    op.execute("UPDATE request SET state = status")
    _updates()
    _media()
    _note_contacts()


def downgrade() -> None:
    op.drop_table("note_contact")
    op.drop_table("media")
    op.drop_index("ux_note_client_update", "note")
    for table, column in (("note", "client_status"), ("note", "client_update_id"), ("request", "state")):
        op.drop_column(table, column)


def _updates() -> None:
    op.add_column("note", sa.Column("client_update_id", sa.String(), nullable=True))
    op.add_column("note", sa.Column("client_status", sa.String(), server_default="", nullable=False))
    op.create_index("ux_note_client_update", "note", ["request_number", "client_update_id"], unique=True)


def _media() -> None:
    op.create_table(
        "media",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("request_number", sa.Integer(), nullable=False),
        sa.Column("note_number", sa.Integer(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_number"], ["request.number"], name="fk_media_request_number_request", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["note_number"], ["note.number"], name="fk_media_note_number_note", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_media"),
        sqlite_autoincrement=True,
    )
    for column in ("request_number", "note_number"):
        op.create_index(f"ix_media_{column}", "media", [column])


def _note_contacts() -> None:
    op.create_table(
        "note_contact",
        sa.Column("note_number", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_number"], ["note.number"], name="fk_note_contact_note_number_note", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("note_number", name="pk_note_contact"),
    )
