"""ticketwire ingest, processor, publisher, replayer, console: one service each, as compose.yaml and `up` run them."""

from collections.abc import Coroutine
from typing import Annotated

import typer

from cli.parent import stop_with_parent
from runtime.event_loop import run_service
from runtime.logs import configure_logs
from runtime.settings import Settings, load_settings

PANEL = "Run one service"

WithParent = Annotated[
    bool, typer.Option("--with-parent", hidden=True, help="Stop when standard input ends, as it does with its parent.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (ingest, processor, publisher, replayer, console):
        app.command(rich_help_panel=PANEL)(command)


def ingest(with_parent: WithParent = False) -> None:
    """Take webhooks over HTTP and put them on Kafka. Stops gracefully on SIGTERM or Ctrl-C."""
    from ingest.main import run

    settings = _ready("ingest", with_parent=with_parent)
    _run(run(settings))


def processor(
    names: Annotated[list[str], typer.Argument(help="Which ones, such as ticketed or void.", metavar="NAME…")],
    with_parent: WithParent = False,
) -> None:
    """Turn events on Kafka into state in Postgres. Several names run in one process; usually each has its own.

    \b
    ticketwire processor ticketed
    ticketwire processor ticketed void
    """
    from cli.names import known_name
    from processors.main import run
    from processors.registry import PROCESSORS

    chosen = [known_name("processor", name, PROCESSORS) for name in names]
    settings = _ready(f"processor-{'-'.join(chosen)}", with_parent=with_parent)
    _run(run(settings, chosen))


def publisher(with_parent: WithParent = False) -> None:
    """Send what is owed to the endpoints, again and again until they have understood."""
    from publishers.main import run

    settings = _ready("publisher", with_parent=with_parent)
    _run(run(settings))


def replayer(with_parent: WithParent = False) -> None:
    """Carry out what operators ask for over the past: replays, redrives, retries in bulk. One at a time, beside live.

    What a replayer that dies leaves behind, the next one goes on with.
    """
    from replays.main import run

    settings = _ready("replayer", with_parent=with_parent)
    _run(run(settings))


def console(with_parent: WithParent = False) -> None:
    """Serve the operator's API and page."""
    from console.main import run
    from dialects.registry import OUTBOUND

    settings = _ready("console", with_parent=with_parent)
    _run(run(settings, OUTBOUND))


def _ready(service: str, *, with_parent: bool) -> Settings:
    settings = load_settings()
    configure_logs(service=service, format_=settings.log_format)
    if with_parent:
        stop_with_parent()
    return settings


def _run(service: Coroutine[object, object, None]) -> None:
    try:
        run_service(service)
    except KeyboardInterrupt:  # before the service listens to signals itself
        raise typer.Exit(130) from None
