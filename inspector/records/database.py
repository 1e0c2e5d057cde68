"""SQLite as the store uses it: WAL, every commit on disk, half a second of patience, and its errors in plain words.

The patience is short on purpose: a line that cannot write its records is held, and it must know so within a few units.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from inspector.errors import LineError, StoreBroken, StoreBusy
from inspector.records.schema import REVISION

PATIENCE_S = 0.5
_MIGRATIONS = Path(__file__).parent / "migrations"


def connect(path: Path, *, writable: bool, text: type[str] | type[bytes] = str) -> sa.Engine:
    """An engine whose transactions take the write lock at once if writable, and that cannot write at all if not.

    `text` bytes: cells as they are on the disk, also where they are not UTF-8 any more.
    """
    mode = "rwc" if writable else "ro"
    address = f"{path.absolute().as_uri()}?mode={mode}"

    def open_connection() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = text
        if writable:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = sa.create_engine("sqlite://", creator=open_connection, poolclass=sa.QueuePool)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writable else "BEGIN")

    return engine


def migrate(engine: sa.Engine, path: Path) -> None:
    """Bring the schema to this software's version, in one transaction.

    Raises:
        LineError: the store was written by a newer version of this software.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        refuse_newer(schema_of(connection), path)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise LineError(f"{path}: its schema cannot be updated: {error}. Nothing was changed.") from error


def schema_of(connection: sa.Connection) -> str:
    """Revision of the schema; empty for a new file."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or ""


def refuse_newer(revision: str, path: Path) -> None:
    if revision > REVISION:
        raise LineError(
            f"{path}: written with schema {revision}, this software knows up to {REVISION}. "
            f"Nothing was changed. Use the software version that wrote it, or a newer one."
        )


def claim(lock: Path) -> IO[str]:
    """Own a store until the returned file is closed or the process ends, however it ends.

    Raises:
        StoreBusy: another process owns it.
    """
    file = lock.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise StoreBusy(
            f"{lock.parent}: the line process {owner} is writing this store; a store has one line. "
            f"Nothing was started. Stop process {owner}, or give this line a store of its own."
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


@contextmanager
def plainly(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite says into what happened, what was kept, and what to do. Nothing is retried.

    Raises:
        StoreBroken: the file is not, or no longer, a sound database.
        LineError: everything else that stops a transaction; it was rolled back whole.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorname", "")
        seen = f"{path}: {doing} failed: {error.orig} ({code or type(error.orig).__name__})."
        if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise StoreBroken(f"{seen} The file is damaged. Keep it as it is; restore the store's backup.") from error
        raise LineError(f"{seen} Nothing of this transaction was written. {_remedy(code)}") from error


def _remedy(code: str) -> str:
    match code.split("_")[1] if "_" in code else "":
        case "BUSY" | "LOCKED":
            return f"Another program has held the database for over {PATIENCE_S:g} s: close it, then start a new batch."
        case "FULL":
            return "The disk or its quota is full: free space, then start a new batch."
        case "IOERR":
            return "The disk refused to write: check space, quota and the disk itself, then start a new batch."
        case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
            return "Check that the folder exists and that this user may write to it."
        case "CONSTRAINT":
            return "Records are only ever added, one for each unit of a batch."
    return "Check the disk and the store with `inspector records verify`."
