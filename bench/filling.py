"""Rows that a long history would have left: orders, each with an event, its journal and a callback that is due."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from schemas.events import OrderTicketed
from store.connection import Connection

_ENDPOINT = """
INSERT INTO endpoints (endpoint_id, name, url, dialect, event_types, policy, secrets, max_in_flight)
VALUES ($1, $1::uuid::text || '-bench', 'http://127.0.0.1:9/', 'standard', '{order.ticketed}', 'standard', '', 100000)
"""
_CONTENT = OrderTicketed(order_no="waiting", order_status=2, passengers=())
_FILLING = """
CREATE TEMPORARY TABLE filling AS
SELECT n, gen_random_uuid() AS order_id, gen_random_uuid() AS event_id FROM generate_series(1, {number:d}) AS n
"""
_ORDERS = """
INSERT INTO orders (order_id, source, order_no, version, ticketed_event, ticketed_at)
SELECT order_id, $2::text, $1::text || '-' || n, 1, event_id, now() FROM filling
"""
_EVENTS = """
INSERT INTO events (event_id, order_id, type, arrived_at, content, dialect)
SELECT event_id, order_id, 'order.ticketed', now(), $1::text::jsonb, 'atlas' FROM filling
"""
_JOURNAL = """
INSERT INTO journal (order_id, version, event_id, change, told)
SELECT order_id, 1, event_id, '{"before": {}, "after": {}}', true FROM filling
"""
_CALLBACKS = """
INSERT INTO callbacks (callback_id, endpoint_id, order_id, event_id, sequence, state, due_at, source)
SELECT gen_random_uuid(), ($1::uuid[])[1 + n % cardinality($1::uuid[])], order_id, event_id, 1, 'pending',
    now() - make_interval(secs => 60 - n / 1e6), $2
FROM filling
"""
_WRITTEN = ("orders", "events", "journal", "callbacks")


async def make_endpoints(connection: Connection, number: int) -> list[UUID]:
    """Endpoints that nobody calls: there is no publisher at this database."""
    endpoints = [uuid4() for _ in range(number)]
    await connection.executemany(_ENDPOINT, [(endpoint,) for endpoint in endpoints])
    return endpoints


async def fill_with_callbacks(
    connection: Connection, endpoints: Sequence[UUID], number: int, *, prefix: str, source: str
) -> None:
    """So many callbacks that are due, shared by the endpoints, of orders `prefix`-…; the tables are vacuumed after it,
    as they would have been by and by."""
    async with connection.transaction():
        await connection.execute(_FILLING.format(number=number))
        await connection.execute(_ORDERS, prefix, source)
        await connection.execute(_EVENTS, _CONTENT.model_dump_json())
        await connection.execute(_JOURNAL)
        await connection.execute(_CALLBACKS, list(endpoints), source)
        await connection.execute("DROP TABLE filling")
    for table in _WRITTEN:
        await connection.execute(f"VACUUM (ANALYZE) {table}")
