"""Tables of the store, and how a row becomes the text that is hashed.

Each nested field is kept as its own canonical JSON text. The hashed text of an entry is therefore put together from its
columns without parsing any, and every column is covered byte for byte, also those that exist for the sake of an index.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from models.digest import canonical, digest_bytes

REVISION = "0001"  # newest migration; a test holds it against migrations/versions
LARGEST = 2**63 - 1  # number that a column holds
CHAIN_START = "sha256:" + "0" * 64  # before the first event
NESTED_OF_UNITS = ("digests", "evidence", "findings", "judgements", "observations", "reasons", "sources", "times_ms")
NESTED_OF_EVENTS = ("data",)

_metadata = sa.MetaData()

units = sa.Table(
    "units",
    _metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("batch", sa.Integer),
    sa.Column("epoch", sa.Integer),
    sa.Column("unit", sa.Integer),
    sa.Column("taken_at", sa.Text),
    sa.Column("disposition", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("state", sa.Text),
    sa.Column("gate", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("n_observations", sa.Integer),
    *(sa.Column(name, sa.Text) for name in NESTED_OF_UNITS),
    sa.Column("previous", sa.Text),
    sa.Column("hash", sa.Text),
)

events = sa.Table(
    "events",
    _metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("batch", sa.Integer),
    sa.Column("kind", sa.Text),
    sa.Column("at", sa.Text),
    sa.Column("by", sa.Text),
    sa.Column("text", sa.Text),
    *(sa.Column(name, sa.Text) for name in NESTED_OF_EVENTS),
    sa.Column("previous", sa.Text),
    sa.Column("hash", sa.Text),
)

Cell = str | int | None


def to_row(content: Mapping[str, object], nested: tuple[str, ...]) -> dict[str, Cell]:
    """Columns of an entry, with its hash.

    Args:
        content: JSON values of everything that the hash covers.
    """
    row = {name: canonical(value) if name in nested else _cell(value) for name, value in content.items()}
    return {**row, "hash": digest_bytes(hashed_text({k: canonical(v).encode() for k, v in content.items()}))}


def hashed_text(parts: Mapping[str, bytes]) -> bytes:
    """The canonical JSON of an entry, from the canonical JSON of each of its fields.

    >>> hashed_text({"unit": b"7", "state": b'"held"'})
    b'{"state":"held","unit":7}'
    """
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), parts[name]) for name in sorted(parts)) + b"}"


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no column of its own: name it in the nested fields")
