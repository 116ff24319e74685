"""ticketwire migrate: the database brought to this version."""

import asyncio

import asyncpg
import typer

from cli.talk import Json, print_json, say
from runtime.errors import ConfigurationError, ServiceUnavailable
from runtime.settings import load_settings
from store.migrate import migrate as run_migrations
from store.pool import is_outage


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Set up and check")(migrate)


def migrate(as_json: Json = False) -> None:
    """Bring the database to this version. Forward only, safe to repeat, safe while the previous version runs."""
    dsn = load_settings().postgres.dsn.get_secret_value()
    if not dsn:
        raise ConfigurationError(
            "postgres.dsn is empty: there is no database to migrate",
            hint="set TICKETWIRE_POSTGRES__DSN; the embedded Postgres is migrated by: ticketwire up",
        )
    done = asyncio.run(bring_up_to_date(dsn))
    if as_json:
        print_json({"migrated": done})
    else:
        say(f"migrated: {', '.join(done)}" if done else "the database is up to date")


async def bring_up_to_date(dsn: str) -> list[str]:
    """Run what is missing; raises ServiceUnavailable or ConfigurationError instead of the driver's own errors."""
    try:
        return await run_migrations(dsn)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        if isinstance(
            error, ValueError | asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InvalidCatalogNameError
        ):
            raise ConfigurationError(
                f"postgres.dsn does not lead to a database: {type(error).__name__}",
                hint="its form is postgresql://user:password@host:port/database; the database must exist",
            ) from None
        if is_outage(error):
            raise ServiceUnavailable(
                f"Postgres cannot be reached: {type(error).__name__}", hint="see: ticketwire doctor"
            ) from None
        raise
