"""The page at /: what is where, and the figures. Plain HTML that needs nothing from elsewhere."""

from html import escape

import asyncpg
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from console.api_docs import DOCS_URL, OPENAPI_URL
from console.context import Console, Here
from store.console_status import Status, read_status
from store.pool import is_outage

router = APIRouter()

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ticketwire</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }} td {{ padding: .15rem 1.5rem .15rem 0; }} td + td {{ text-align: right; }}
code {{ background: #8882; padding: .1rem .3rem; border-radius: .2rem; }}
:root {{ color-scheme: light dark; }}
</style></head><body>
<h1>Ticketwire</h1>
<p>Suppliers' ticketing webhooks come in, every channel that waits is told.</p>
<h2>How things stand</h2>
{figures}
<h2>Where to look</h2>
<ul>
<li><a href="{docs}">API documentation</a>: every call, to try out (<a href="{openapi}">OpenAPI</a>)</li>
<li><a href="/readyz">/readyz</a> says whether this service can do its work; <a href="/metrics">/metrics</a> are
for Prometheus</li>
<li>on the command line: <code>ticketwire order list</code>, <code>ticketwire callback list</code>,
<code>ticketwire parked groups</code></li>
</ul>
<p>Calls below <code>/api/v1</code> need the admin token: <code>Authorization: Bearer …</code></p>
</body></html>
"""


@router.get("/", include_in_schema=False)
async def landing(console: Here) -> HTMLResponse:
    """The page; it comes even when Postgres is away, and says so."""
    return HTMLResponse(_PAGE.format(figures=await _figures(console), docs=DOCS_URL, openapi=OPENAPI_URL))


async def _figures(console: Console) -> str:
    try:
        async with console.pool.acquire() as connection:
            return _table(await read_status(connection))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        if not is_outage(error):
            raise
        return "<p>Postgres cannot be used now; this page will show the figures when it is back.</p>"


def _table(status: Status) -> str:
    lines = [
        ("orders", str(status.orders)),
        ("endpoints enabled / disabled", f"{status.endpoints_enabled} / {status.endpoints_disabled}"),
        *((f"callbacks {state.replace('_', ' ')}", str(number)) for state, number in sorted(status.callbacks.items())),
        ("callbacks due now", str(status.due)),
        ("the oldest has been due for", f"{status.oldest_due_seconds:.0f} s"),
        ("events parked", str(status.parked)),
    ]
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in lines)
    return f"<table>{rows}</table>"
