"""The staff console: accounts, sessions, the audit log, notes, what was said and can be
searched, learning runs, how long records are kept

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

import bridge.store.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite's full-text index over `said`, kept by triggers, and PostgreSQL's.
SQLITE_SEARCH = (
    "CREATE VIRTUAL TABLE said_search USING fts5(text, content='said', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER said_added AFTER INSERT ON said BEGIN "
    "INSERT INTO said_search(rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER said_erased AFTER DELETE ON said BEGIN "
    "INSERT INTO said_search(said_search, rowid, text) VALUES ('delete', old.id, old.text); END",
)
POSTGRESQL_SEARCH = ("CREATE INDEX ix_said_search ON said USING gin (to_tsvector('simple', text))",)


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", AutoString(length=32), nullable=False),
        sa.Column("at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("action", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("subject_id", AutoString(), nullable=False),
        sa.Column("detail", bridge.store.types.Json(), nullable=False),
        sa.Column("address", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_audit_entry_action_at", ["action", "at"], unique=False)

    op.create_table(
        "learning_run",
        sa.Column("id", AutoString(length=32), nullable=False),
        sa.Column("city_id", AutoString(), nullable=False),
        sa.Column("asked_by", AutoString(), nullable=False),
        sa.Column("take", sa.Boolean(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("progress", AutoString(), nullable=False),
        sa.Column("error", AutoString(), nullable=False),
        sa.Column("result", bridge.store.types.Json(), nullable=True),
        sa.Column("asked_at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("started_at", bridge.store.types.Timestamp(timezone=True), nullable=True),
        sa.Column("seen_at", bridge.store.types.Timestamp(timezone=True), nullable=True),
        sa.Column("ended_at", bridge.store.types.Timestamp(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_run")),
    )
    with op.batch_alter_table("learning_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_learning_run_city_id"), ["city_id"], unique=False)

    op.create_table(
        "retention_age",
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_age")),
    )
    op.create_table(
        "reply_template",
        sa.Column("id", AutoString(length=32), nullable=False),
        sa.Column("city_id", AutoString(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template")),
    )
    op.create_table(
        "said",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_id", AutoString(), nullable=False),
        sa.Column("conversation_id", AutoString(), nullable=False),
        sa.Column("at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_said")),
        sa.UniqueConstraint("row_id", name=op.f("uq_said_row_id")),
    )
    with op.batch_alter_table("said", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_said_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "wording",
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("message_id", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("language", "message_id", name=op.f("pk_wording")),
    )
    op.create_table(
        "staff_account",
        sa.Column("id", AutoString(length=32), nullable=False),
        sa.Column("email", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("cities", bridge.store.types.Json(), nullable=False),
        sa.Column("password_hash", AutoString(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("shortcuts", sa.Boolean(), nullable=False),
        sa.Column("theme", AutoString(), nullable=False),
        sa.Column("created_at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("last_seen_at", bridge.store.types.Timestamp(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_account")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_account_email")),
    )
    op.create_table(
        "staff_deed",
        sa.Column("id", AutoString(length=32), nullable=False),
        sa.Column("task_id", AutoString(), nullable=False),
        sa.Column("conversation_id", AutoString(), nullable=False),
        sa.Column("report_id", AutoString(), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("outbox_ids", bridge.store.types.Json(), nullable=False),
        sa.Column("at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("undone_at", bridge.store.types.Timestamp(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_deed")),
    )
    with op.batch_alter_table("staff_deed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_deed_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_deed_task_id"), ["task_id"], unique=False)

    op.create_table(
        "staff_invitation",
        sa.Column("id", AutoString(length=64), nullable=False),
        sa.Column("email", AutoString(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("cities", bridge.store.types.Json(), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("expires_at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("used_at", bridge.store.types.Timestamp(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invitation")),
    )
    op.create_table(
        "training_example",
        sa.Column("id", AutoString(length=32), nullable=False),
        sa.Column("city_id", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("service_code", AutoString(), nullable=False),
        sa.Column("guessed", AutoString(), nullable=False),
        sa.Column("at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_example")),
    )
    with op.batch_alter_table("training_example", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_example_city_id"), ["city_id"], unique=False)

    op.create_table(
        "staff_session",
        sa.Column("id", AutoString(length=64), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("csrf", AutoString(), nullable=False),
        sa.Column("address", AutoString(), nullable=False),
        sa.Column("created_at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("seen_at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.Column("expires_at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["staff_account.id"], name=op.f("fk_staff_session_account_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "staff_note",
        sa.Column("id", AutoString(length=32), nullable=False),
        sa.Column("conversation_id", AutoString(), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("created_at", bridge.store.types.Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_staff_note_conversation_id_conversation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_note")),
    )
    with op.batch_alter_table("staff_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_note_conversation_id"), ["conversation_id"], unique=False)
    for statement in POSTGRESQL_SEARCH if op.get_bind().dialect.name == "postgresql" else SQLITE_SEARCH:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE said_search")
    op.drop_table("staff_note")
    op.drop_table("staff_session")
    op.drop_table("training_example")
    op.drop_table("staff_invitation")
    op.drop_table("staff_deed")
    op.drop_table("staff_account")
    op.drop_table("wording")
    op.drop_table("said")
    op.drop_table("reply_template")
    op.drop_table("retention_age")
    op.drop_table("learning_run")
    op.drop_table("audit_entry")
