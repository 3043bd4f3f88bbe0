"""How often a chunk was sent on its budget day, and which task an operator said is its."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("chunks", sa.Column("earlier_that_day", sa.Integer(), server_default="0", nullable=False))
    op.add_column("chunks", sa.Column("attached_task_id", sa.Text(), nullable=True))
