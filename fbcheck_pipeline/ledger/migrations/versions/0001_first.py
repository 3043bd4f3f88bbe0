"""The first ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001.1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "chunks",
        sa.Column("chunk_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.Column("halvings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resubmissions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("phone_count", sa.Integer(), nullable=False),
        sa.Column("unanswered_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("payload_sha256", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.Double(), nullable=False),
        sa.Column("budget_day", sa.Text(), nullable=False),
        sa.Column("earlier_that_day", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_send_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("protocol", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("first_sent_at", sa.Double(), nullable=True),
        sa.Column("last_sent_at", sa.Double(), nullable=True),
        sa.Column("submitted_at", sa.Double(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("possible_task_id", sa.Text(), nullable=True),
        sa.Column("attached_task_id", sa.Text(), nullable=True),
        sa.Column("is_synthetic", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("vendor_status", sa.Text(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("success", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.BigInteger(), nullable=True),
        sa.Column("polls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_poll_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("exported_at", sa.Double(), nullable=True),
        sa.Column("vendor_exported_at", sa.Text(), nullable=True),
        sa.Column("result_url", sa.Text(), nullable=True),
        sa.Column("fetches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fetcher", sa.Text(), nullable=True),
        sa.Column("next_fetch_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("tried_with", sa.Text(), server_default="", nullable=False),
        sa.Column("gone_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone_day", sa.Text(), nullable=True),
        sa.Column("repeats", sa.Integer(), server_default="0", nullable=False),
        sa.Column("result_sha256", sa.Text(), nullable=True),
        sa.Column("result_counts", sa.JSON(), nullable=True),
        sa.Column("volume", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("chunk_key"),
        sa.UniqueConstraint("task_id"),
    )
    op.create_index(op.f("ix_chunks_budget_day"), "chunks", ["budget_day"], unique=False)
    op.create_index(op.f("ix_chunks_change"), "chunks", ["change"], unique=False)
    op.create_index(op.f("ix_chunks_replaces"), "chunks", ["replaces"], unique=False)
    op.create_index(op.f("ix_chunks_settled_at"), "chunks", ["settled_at"], unique=False)
    op.create_index(op.f("ix_chunks_volume"), "chunks", ["volume"], unique=False)
    unbound = sa.text("volume IS NULL AND result_sha256 IS NOT NULL")
    op.create_index("ix_chunks_unbound", "chunks", ["change"], unique=False, sqlite_where=unbound, postgresql_where=unbound)
    lasts = sa.text("unanswered_count > 0 AND state IN ('abandoned', 'withdrawn', 'replaced', 'purged')")
    op.create_index("ix_chunks_lasting", "chunks", ["state", "change"], unique=False, sqlite_where=lasts, postgresql_where=lasts)
    op.create_index(op.f("ix_chunks_state"), "chunks", ["state"], unique=False)
    has_task = sa.text("possible_task_id IS NOT NULL")
    op.create_index(
        "ix_chunks_possible_task", "chunks", ["chunk_key"], unique=False, sqlite_where=has_task, postgresql_where=has_task
    )
    op.create_index(
        "ix_chunks_beginning", "chunks", ["chunk_key"], unique=False, postgresql_ops={"chunk_key": "text_pattern_ops"}
    )
    op.create_table(
        "chunk_phones",
        sa.Column("chunk_key", sa.Text(), nullable=False),
        sa.Column("phones", sa.LargeBinary(), nullable=True),
        sa.Column("unanswered", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("chunk_key"),
    )
    op.create_table(
        "dependencies",
        sa.Column("list_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chunk_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("list_number", "chunk_key"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_dependencies_chunk_key"), "dependencies", ["chunk_key"], unique=False)
    op.create_table(
        "doomed_files",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("writer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "volumes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "index_tiers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("after_change", sa.BigInteger(), nullable=False),
        sa.Column("through_change", sa.BigInteger(), nullable=False),
        sa.Column("pairs", sa.BigInteger(), nullable=False),
        sa.Column("fresh_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "ledger_meta",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("vendor_origin", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False, server_default=""),
        sa.Column("hash_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("collections", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waiting_revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sendings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("suppressions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("purges", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("erasures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lists_registered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lists_deleted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("restored_at", sa.Double(), nullable=True),
        sa.Column("unknown_from", sa.Double(), nullable=True),
        sa.Column("is_restoring", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "lists",
        sa.Column("list_key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("was_moved", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("max_billable", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("held", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.Double(), nullable=True),
        sa.Column("planned_at", sa.Double(), nullable=True),
        sa.Column("needs_planning", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("forbidden_phones", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_pinned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("joined_revision", sa.BigInteger(), server_default="-1", nullable=False),
        sa.Column("joined_at", sa.Double(), nullable=True),
        sa.Column("first_joined_at", sa.Double(), nullable=True),
        sa.Column("is_complete", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "is_open",
            sa.Boolean(),
            sa.Computed("NOT is_complete OR revision <> joined_revision", persisted=True),
            nullable=False,
        ),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.Column("erased", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("list_key"),
    )
    is_open = sa.column("is_open", sa.Boolean).is_(sa.true())
    op.create_index(
        "ix_lists_open", "lists", ["added_at", "list_key"], unique=False, sqlite_where=is_open, postgresql_where=is_open
    )
    has_reserved = sa.text("reserved > 0")
    op.create_index(
        "ix_lists_reserved", "lists", ["reserved"], unique=False, sqlite_where=has_reserved, postgresql_where=has_reserved
    )
    op.create_index("ix_lists_joined_at", "lists", ["joined_at"], unique=False)
    op.create_index("ix_lists_file", "lists", ["file", "added_at"], unique=False)
    op.create_index("ix_lists_source", "lists", ["source", "added_at", "list_key"], unique=False)
    op.create_index("ix_lists_beginning", "lists", ["list_key"], unique=False, postgresql_ops={"list_key": "text_pattern_ops"})
    op.create_index(op.f("ix_lists_number"), "lists", ["number"], unique=False)
    op.create_table(
        "unreadable_files",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "parts",
        sa.Column("chunk_key", sa.Text(), nullable=False),
        sa.Column("list_key", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("phone_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("chunk_key", "list_key"),
    )
    op.create_index(op.f("ix_parts_list_key"), "parts", ["list_key"], unique=False)
    op.create_table(
        "senders",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "erasures",
        sa.Column("digest", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("lists_are_done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "suppressions",
        sa.Column("digest", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "erased_phones",
        sa.Column("digest", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "backups",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("writer", sa.Text(), nullable=True),
        sa.Column("made_at", sa.Double(), nullable=True),
        sa.Column("told", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("target"),
    )
    op.create_table(
        "waiting",
        sa.Column("list_key", sa.Text(), nullable=False),
        sa.Column("phones", sa.LargeBinary(), nullable=False),
        sa.Column("phone_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list_key"),
    )
