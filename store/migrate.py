"""Schema changes: forward only, each in a transaction of its own, safe while the previous version still runs.

A migration that has run is never edited: its SHA-256 is kept beside its name and compared at every start.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from runtime.errors import SchemaError

_LOCK = 7_202_611  # any fixed number: two migrators of one database wait for each other


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations, in the order they run."""
    folder = files("store") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [Migration(name.removesuffix(".sql"), (folder / name).read_text()) for name in names]


async def migrate(dsn: str) -> list[str]:
    """Bring the database to this version; returns the names of what was run. Safe to repeat and to run twice at once.

    Raises SchemaError when the database is ahead of this version or holds an edited migration.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, digest text NOT NULL,"
            " run_at timestamptz NOT NULL DEFAULT now())"
        )
        return [step.name for step in await _missing(connection) if await _run(connection, step)]
    finally:
        await connection.close()


async def check_schema(connection: asyncpg.Connection) -> None:
    """Raise SchemaError unless the database has every migration of this version. One that is ahead will do."""
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        raise SchemaError("the database has no Ticketwire schema", hint="run: ticketwire migrate")
    missing = await _missing(connection, ahead_is_fine=True)
    if missing:
        raise SchemaError(
            f"the database lacks {', '.join(step.name for step in missing)}", hint="run: ticketwire migrate"
        )


async def _missing(connection: asyncpg.Connection, *, ahead_is_fine: bool = False) -> list[Migration]:
    known = migrations()
    done = {row["name"]: row["digest"] for row in await connection.fetch("SELECT name, digest FROM schema_migrations")}
    if not ahead_is_fine and (ahead := done.keys() - {step.name for step in known}):
        raise SchemaError(
            f"the database is ahead of this version: it has {', '.join(sorted(ahead))}",
            hint="run the newer version's migrate; schema changes never go back",
        )
    for step in known:
        if step.name in done and done[step.name] != step.digest:
            raise SchemaError(
                f"migration {step.name} was edited after it ran here", hint="restore its text and add a new migration"
            )
    return [step for step in known if step.name not in done]


async def _run(connection: asyncpg.Connection, step: Migration) -> bool:
    async with connection.transaction():
        await connection.execute(step.sql)
        await connection.execute("INSERT INTO schema_migrations (name, digest) VALUES ($1, $2)", step.name, step.digest)
    return True
