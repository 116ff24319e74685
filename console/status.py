"""/api/v1/status: how things stand, at a glance."""

from fastapi import APIRouter

from console.context import Here
from store.console_status import Status, read_status

router = APIRouter(tags=["status"])


@router.get("/status")
async def status(console: Here) -> Status:
    """Callbacks by state, what is due and since when, parked events, orders, endpoints."""
    async with console.pool.acquire() as connection:
        return await read_status(connection)
