"""What a comparison goes by: digests that change with what is shown of an order's rows, and with nothing else."""

from uuid import uuid4

from store.connection import Connection
from store.shadow import Schemas, create_shadow, digests, shadow_name, state_rows
from tests.services.shadows.conftest import World, fill

OTHER = {
    "text": "{} || 'x'",
    "integer": "100 - {}",
    "bigint": "100 - {}",
    "boolean": "NOT {}",
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "{} + '1 s'::interval",
    "jsonb": """'{{"other": 1}}'""",
    "ARRAY": "'{{other}}'",
    "bytea": "'other'",
}
"""Another value for a column, by its type."""
TABLES = ("orders", "events", "passengers", "tickets", "pnrs", "ancillaries", "void_cases", "void_statuses")
SHADOW = shadow_name(uuid4())


async def changes(connection: Connection, table: str, column: str, other: str) -> tuple[bool, bool]:
    """Whether the digests change, and whether the rows that are shown do, when this column does."""
    orders = [row["order_id"] for row in await connection.fetch("SELECT order_id FROM orders")]
    was = await digests(connection, orders), await state_rows(connection, orders)
    trial = connection.transaction()
    await trial.start()
    await connection.execute(f'UPDATE {table} SET "{column}" = {other}')
    now = await digests(connection, orders), await state_rows(connection, orders)
    await trial.rollback()
    return now[0] != was[0], now[1] != was[1]


async def test_a_digest_changes_with_each_column_that_is_shown(world: World) -> None:
    await fill(world, 1, voids=True)
    await world.live()
    await world.pool.execute("INSERT INTO ancillaries SELECT order_id, 0, 0, '{}' FROM orders")
    async with world.pool.acquire() as connection:
        columns = await connection.fetch(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = ANY ($1) AND column_name NOT IN ('order_id', 'origin')",
            TABLES,
        )
        seen = {
            (table, column): await changes(connection, table, column, OTHER[type_].format(f'"{column}"'))
            for table, column, type_ in columns
        }
    assert [where for where, (digest, row) in seen.items() if digest != row] == []
    assert {table for (table, _), (digest, _) in seen.items() if digest} == {*TABLES}


async def test_a_shadow_has_the_keys_of_live_and_no_index_that_only_live_needs(world: World) -> None:
    async with world.pool.acquire() as connection, connection.transaction():
        await create_shadow(connection, Schemas("public", SHADOW))
        rows = await connection.fetch(
            "SELECT schemaname, tablename, split_part(indexdef, ' USING ', 2) FROM pg_indexes"
            " WHERE tablename IN (SELECT tablename FROM pg_indexes WHERE schemaname = $1)",
            SHADOW,
        )
    live, shadow = ({(table, on) for schema, table, on in rows if schema == name} for name in ("public", SHADOW))
    assert {on for _, on in live - shadow} == {
        "btree (updated_at, order_id)",
        "hash (ticket_number)",
        "hash (locator)",
        "btree (fingerprint, parked_at) WHERE (state = 'parked'::text)",
        "hash (order_no)",
        "btree (processor, parked_at, parked_id) WHERE (state = 'parked'::text)",
    }
