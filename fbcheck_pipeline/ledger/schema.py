"""The ledger's tables. Times are UTC seconds since the epoch; phones are int64 blobs (see `codec`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.ledger.states import TRAITS

metadata = sa.MetaData()
ERASED = ""
"""What stands in place of a hash once somebody was erased from what it was of."""

ledger_meta = sa.Table(
    "ledger_meta",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # always 1
    sa.Column("uuid", sa.Text, nullable=False),
    sa.Column("vendor_origin", sa.Text, nullable=False),
    sa.Column("instance", sa.Text, nullable=False, server_default=""),  # whose it is; empty for the one without a name
    sa.Column("hash_key", sa.LargeBinary, nullable=False),  # of suppressions, and of hashes of files
    sa.Column("created_at", sa.Double, nullable=False),  # or restored: what was done later before that, it does not know
    sa.Column("collections", sa.BigInteger, nullable=False, server_default="0"),  # rises with every collected chunk
    sa.Column("waiting_revision", sa.BigInteger, nullable=False, server_default="0"),  # rises when other phones wait
    sa.Column("changes", sa.BigInteger, nullable=False, server_default="0"),  # the greatest `change` of any chunk
    sa.Column("generation", sa.BigInteger, nullable=False, server_default="0"),  # rises before anything personal is deleted
    sa.Column("sendings", sa.BigInteger, nullable=False, server_default="0"),  # rises before every POST
    sa.Column("suppressions", sa.BigInteger, nullable=False, server_default="0"),  # rises with every import of new opt-outs
    sa.Column("purges", sa.BigInteger, nullable=False, server_default="0"),  # rises with every purge
    sa.Column("erasures", sa.BigInteger, nullable=False, server_default="0"),  # rises with every erasure
    sa.Column("lists_registered", sa.BigInteger, nullable=False, server_default="0"),  # ever; numbers the lists
    sa.Column("lists_deleted", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("restored_at", sa.Double),  # from a backup: nothing is bought until a person says what is unknown
    sa.Column("unknown_from", sa.Double),  # since then, by a person's word; null: nobody said yet
    sa.Column("is_restoring", sa.Boolean, nullable=False, server_default=sa.false()),  # nobody but the restore opens it
)

lists = sa.Table(
    "lists",
    metadata,
    sa.Column("list_key", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, index=True),  # the how manieth registered, from 0
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),  # the name of what the list is a delivery of
    sa.Column("sha256", sa.Text, nullable=False),  # of its content, keyed; empty once somebody was erased from it
    sa.Column(
        "was_moved", sa.Boolean, nullable=False, server_default=sa.false()
    ),  # from the inbox: perhaps nobody has another copy
    sa.Column("options", sa.JSON, nullable=False),  # how to read it
    sa.Column("purpose", sa.Text),
    sa.Column("max_billable", sa.BigInteger),  # as the last `run` said; null: each process's own setting binds
    sa.Column("added_at", sa.Double, nullable=False),
    sa.Column("reading", sa.JSON),  # what the reader found; set once it has been read
    sa.Column("error", sa.Text),  # why it cannot be read
    sa.Column("held", sa.Text),  # why nothing of it is bought until a person confirms how it was read
    sa.Column("confirmed_at", sa.Double),  # when a person did
    sa.Column("planned_at", sa.Double),
    sa.Column(
        "needs_planning", sa.Boolean, nullable=False, server_default=sa.false()
    ),  # its waiting phones were taken by another list's planning, or a chunk that it depends on was withdrawn
    sa.Column(
        "forbidden_phones", sa.BigInteger, nullable=False, server_default="0"
    ),  # distinct phones that a limit forbade, by the last look; only a `run` of it or the night plans them again
    sa.Column(
        "reserved", sa.BigInteger, nullable=False, server_default="0"
    ),  # phones of a planning under way that stand in no chunk yet; they count as planned
    sa.Column("is_pinned", sa.Boolean, nullable=False, server_default=sa.false()),  # the pins of its last planning stand
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("joined_revision", sa.BigInteger, nullable=False, server_default="-1"),
    sa.Column("joined_at", sa.Double),
    sa.Column("first_joined_at", sa.Double),
    sa.Column("is_complete", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column(  # anything may still happen to it; a column, since a planner keeps statistics of columns only
        "is_open", sa.Boolean, sa.Computed("NOT is_complete OR revision <> joined_revision", persisted=True), nullable=False
    ),
    sa.Column("counts", sa.JSON),
    sa.Column("erased", sa.BigInteger, nullable=False, server_default="0"),  # rows that were erased from it
)

IS_OPEN = lists.c.is_open.is_(sa.true())
"""All queries of ticks and runs name it, so that an index of the open lists serves them."""
IS_INCOMPLETE = lists.c.is_complete.is_(sa.false())
sa.Index("ix_lists_open", lists.c.added_at, lists.c.list_key, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
IS_OVER_BUDGET = lists.c.forbidden_phones > 0
HAS_RESERVED = lists.c.reserved > 0
sa.Index("ix_lists_reserved", lists.c.reserved, sqlite_where=HAS_RESERVED, postgresql_where=HAS_RESERVED)
sa.Index("ix_lists_joined_at", lists.c.joined_at)
sa.Index("ix_lists_file", lists.c.file, lists.c.added_at)
sa.Index("ix_lists_source", lists.c.source, lists.c.added_at, lists.c.list_key)
sa.Index("ix_lists_beginning", lists.c.list_key, postgresql_ops={"list_key": "text_pattern_ops"})

unreadable_files = sa.Table(
    "unreadable_files",  # of the inbox, put back there; each is tried again when it has changed, or by another version
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("mark", sa.Text, nullable=False),  # tells whether it has changed
    sa.Column("reason", sa.Text, nullable=False),
)

chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("chunk_key", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column(
        "change", sa.BigInteger, nullable=False, index=True
    ),  # number of the last change that matters to planning: inserted, other phones held, verdicts came, settled, purged
    sa.Column("replaces", sa.Text, index=True),  # the chunk this one is a part of
    sa.Column("halvings", sa.Integer, nullable=False, server_default="0"),
    sa.Column("resubmissions", sa.Integer, nullable=False, server_default="0"),  # tries before this one, under the same key
    sa.Column("phone_count", sa.Integer, nullable=False),
    sa.Column("unanswered_count", sa.Integer, nullable=False, server_default="0"),  # once there is a result, or none comes
    sa.Column("payload_sha256", sa.Text, nullable=False),  # keyed; empty once a phone of it was erased
    sa.Column("planned_at", sa.Double, nullable=False),
    sa.Column("budget_day", sa.Text, nullable=False, index=True),
    sa.Column("earlier_that_day", sa.Integer, nullable=False, server_default="0"),  # of the tries before this one
    sa.Column("next_send_at", sa.Double, nullable=False, server_default="0"),
    sa.Column("sender", sa.Text),
    sa.Column("protocol", sa.Text),  # that it was sent with, and is asked with
    sa.Column("user_id", sa.Text),  # the same
    sa.Column("first_sent_at", sa.Double),  # when its first POST began
    sa.Column("last_sent_at", sa.Double),
    sa.Column("submitted_at", sa.Double),
    sa.Column("task_id", sa.Text, unique=True),
    sa.Column("possible_task_id", sa.Text),  # what may be its task, by an answer that proves nothing
    sa.Column("attached_task_id", sa.Text),  # by an operator, who may be wrong
    sa.Column("is_synthetic", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("vendor_status", sa.Text),
    sa.Column("total", sa.BigInteger),
    sa.Column("success", sa.BigInteger),
    sa.Column("failure", sa.BigInteger),
    sa.Column("polls", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_poll_at", sa.Double, nullable=False, server_default="0"),
    sa.Column("exported_at", sa.Double),  # by our clock
    sa.Column("vendor_exported_at", sa.Text),  # by the vendor's, as it wrote it
    sa.Column("result_url", sa.Text),
    sa.Column("fetches", sa.Integer, nullable=False, server_default="0"),
    sa.Column("fetcher", sa.Text),  # who fetches its result now, if it still lives
    sa.Column("next_fetch_at", sa.Double, nullable=False, server_default="0"),
    sa.Column("tried_with", sa.Text, nullable=False, server_default=""),  # settings and versions that tried, each once at once
    sa.Column("gone_days", sa.Integer, nullable=False, server_default="0"),  # UTC days on which the vendor said it has no result
    sa.Column("gone_day", sa.Text),  # the last of them
    sa.Column("repeats", sa.Integer, nullable=False, server_default="0"),  # how often a fetch brought nothing new
    sa.Column(
        "result_sha256", sa.Text
    ),  # keyed; set where there are verdicts, perhaps not of all phones; empty once one of these was erased
    sa.Column("result_counts", sa.JSON),
    sa.Column("volume", sa.Text, index=True),  # where its verdicts lie together with others'; null: in a file of their own
    sa.Column("settled_at", sa.Double, index=True),
    sa.Column("note", sa.Text),  # the last thing that went wrong, for a person
)

_STATES_THAT_LAST = [state.value for state, traits in TRAITS.items() if traits.lasts and not traits.holds]
LASTS = sa.and_(
    chunks.c.unanswered_count > sa.literal(0, literal_execute=True),
    chunks.c.state.in_(sa.bindparam("lasting", _STATES_THAT_LAST, expanding=True, literal_execute=True)),
)
"""Of chunks that tell of a try that counts however old it is. Written out in each query, so that an index of these few serves it."""
sa.Index("ix_chunks_lasting", chunks.c.state, chunks.c.change, sqlite_where=LASTS, postgresql_where=LASTS)
HAS_POSSIBLE_TASK = chunks.c.possible_task_id.is_not(None)
sa.Index("ix_chunks_possible_task", chunks.c.chunk_key, sqlite_where=HAS_POSSIBLE_TASK, postgresql_where=HAS_POSSIBLE_TASK)
sa.Index("ix_chunks_beginning", chunks.c.chunk_key, postgresql_ops={"chunk_key": "text_pattern_ops"})

chunk_phones = sa.Table(
    "chunk_phones",  # apart from chunks, because they weigh a thousand times as much as all that is asked of these
    metadata,
    sa.Column("chunk_key", sa.Text, primary_key=True),
    sa.Column("phones", sa.LargeBinary),  # in the order they are sent; none where it settled, and the index tells of it
    sa.Column("unanswered", sa.LargeBinary),  # those without a usable verdict, once there is a result
)

LOADED: sa.Select[Any] = sa.select(
    chunks, chunk_phones.c.phones.label("packed_phones"), chunk_phones.c.unanswered.label("packed_unanswered")
).join_from(chunks, chunk_phones, chunks.c.chunk_key == chunk_phones.c.chunk_key)
"""What finds every `LoadedChunk`."""
LOADED_CHUNK = LOADED.where(chunks.c.chunk_key == sa.bindparam("key"))
"""What finds one of them."""

parts = sa.Table(
    "parts",  # which list a chunk's phones are bought for: consecutive stretches of the chunk's phones
    metadata,
    sa.Column("chunk_key", sa.Text, primary_key=True),
    sa.Column("list_key", sa.Text, primary_key=True, index=True),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("phone_count", sa.Integer, nullable=False),
)

dependencies = sa.Table(
    "dependencies",  # which lists wait for a chunk
    metadata,
    # A plan inserts thousands: a number is shorter than the list's key.
    sa.Column("list_number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("chunk_key", sa.Text, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

waiting = sa.Table(
    "waiting",  # phones of a list that are too few for a chunk
    metadata,
    sa.Column("list_key", sa.Text, primary_key=True),
    sa.Column("phones", sa.LargeBinary, nullable=False),
    sa.Column("phone_count", sa.Integer, nullable=False),
)

index_tiers = sa.Table(
    "index_tiers",  # the published files of the index over verdicts and tries; each tells of the changes after one and through another
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("after_change", sa.BigInteger, nullable=False),
    sa.Column("through_change", sa.BigInteger, nullable=False),
    sa.Column("pairs", sa.BigInteger, nullable=False),
    sa.Column("fresh_at", sa.Double, nullable=False),  # of the youngest verdict or try that it tells of
)

sa.Index(
    "ix_chunks_unbound",  # chunks whose verdicts lie in a file of their own
    chunks.c.change,
    sqlite_where=sa.and_(chunks.c.volume.is_(None), chunks.c.result_sha256.is_not(None)),
    postgresql_where=sa.and_(chunks.c.volume.is_(None), chunks.c.result_sha256.is_not(None)),
)

volumes = sa.Table(
    "volumes",  # the published files with the verdicts of many tasks
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("row_count", sa.BigInteger, nullable=False),
)

doomed_files = sa.Table(
    "doomed_files",  # files to be deleted: replaced ones, and what somebody writes who may be killed before it is published
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("writer", sa.Text),  # it is deleted when this process is gone
)

senders = sa.Table(
    "senders",  # who sends, fetches or writes files; on PostgreSQL alone, see `liveness`
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
)

erasures = sa.Table(
    "erasures",  # keyed hashes of phones that are being erased; a row goes when nothing is left of the phone
    metadata,
    sa.Column("digest", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("asked_at", sa.Double, nullable=False),
    sa.Column(  # in no file of a list any more: only chunks that an answer is awaited of may still hold it
        "lists_are_done", sa.Boolean, nullable=False, server_default=sa.false()
    ),
)

suppressions = sa.Table(
    "suppressions",  # keyed hashes of phones that must never be submitted
    metadata,
    sa.Column("digest", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("added_at", sa.Double, nullable=False),
)

erased_phones = sa.Table(
    "erased_phones",  # keyed hashes of phones that were erased since the oldest backup, which still holds them
    metadata,
    sa.Column("digest", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("asked_at", sa.Double, nullable=False),
)

backups = sa.Table(
    "backups",  # where backups of this ledger and its data lie
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("writer", sa.Text),  # who makes one there now, if it still lives
    sa.Column("made_at", sa.Double),  # the moment that the last one is of
    sa.Column("told", sa.BigInteger, nullable=False, server_default="0"),  # up to which import of opt-outs it has these
)
