"""Sources, as far as they have left traces."""

from store.connection import Connection
from store.pool import statement


async def has_orders(connection: Connection, source: str) -> bool:
    """Whether any order came from this source. Reads the whole table when none did."""
    return bool(await connection.fetchval(statement("orders_of_source"), source))
