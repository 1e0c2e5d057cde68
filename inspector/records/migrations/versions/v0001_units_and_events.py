"""Units and events, both append-only, with the indexes behind the console's counters and the search for a unit.

There is no way back: a store keeps what was written, so a schema is only ever added to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NESTED_OF_UNITS = ("digests", "evidence", "findings", "judgements", "observations", "reasons", "sources", "times_ms")


def upgrade() -> None:
    op.create_table(
        "units",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("batch", "epoch", "unit", "n_observations")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("taken_at", "disposition", "state", "gate", "text")),
        sa.Column("reason", sa.Text),
        *(sa.Column(name, sa.Text, nullable=False) for name in _NESTED_OF_UNITS),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("previous", "hash")),
    )
    op.create_index("units_by_number", "units", ["batch", "unit"], unique=True)
    op.create_index("units_by_state", "units", ["batch", "state", "reason"])
    op.create_table(
        "events",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("batch", sa.Integer),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("kind", "at", "by", "text", "data", "previous", "hash")
        ),
    )
    op.create_index("events_by_batch", "events", ["batch", "kind"])
    for table in ("units", "events"):
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: records are never changed or deleted'); END"
            )
