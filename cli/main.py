"""The command `ticketwire`.

Exit codes: 0 all is well, 1 something failed or was found wrong, 2 the command line or the settings are wrong.
"""

import inspect
import sys

import typer

from cli import (
    action_commands,
    bench_command,
    callback_commands,
    demo_command,
    doctor_command,
    endpoint_commands,
    migrate_command,
    order_commands,
    parked_commands,
    partner_sim_command,
    replay_commands,
    sample_commands,
    service_commands,
    shadow_commands,
    up_command,
)
from cli.talk import say_error
from runtime.errors import ConfigurationError, InvalidRequest, TicketwireError

_HELP = """The event hub of a travel seller: suppliers' ticketing webhooks in, every waiting channel told.

\b
See it work:        ticketwire demo
Run it here:        ticketwire up
Be the partners:    ticketwire partner-sim
Run one service:    ticketwire ingest | processor NAME… | publisher | replayer | console
Look and act:       ticketwire order | callback | parked | replay | endpoint
Who did that?       ticketwire actions
Something wrong?    ticketwire doctor
"""


def build() -> typer.Typer:
    """All commands."""
    app = typer.Typer(
        name="ticketwire", help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )
    for part in (
        up_command,
        demo_command,
        partner_sim_command,
        service_commands,
        migrate_command,
        sample_commands,
        doctor_command,
        bench_command,
        shadow_commands,
        action_commands,
    ):
        part.register(app)
    app.add_typer(endpoint_commands.app, name="endpoint", rich_help_panel="Look and act")
    app.add_typer(order_commands.app, name="order", rich_help_panel="Look and act")
    app.add_typer(callback_commands.app, name="callback", rich_help_panel="Look and act")
    app.add_typer(parked_commands.app, name="parked", rich_help_panel="Look and act")
    app.add_typer(replay_commands.app, name="replay", rich_help_panel="Look and act")
    _unwrap(app)
    return app


def _unwrap(app: typer.Typer) -> None:
    """Let the terminal break the lines of help, not our docstrings; what follows a \\b stays as it is."""
    for command in app.registered_commands:
        paragraphs = (inspect.getdoc(command.callback) or "").split("\n\n")
        command.help = "\n\n".join(p if p.startswith("\b") else " ".join(p.splitlines()) for p in paragraphs)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _unwrap(group.typer_instance)


def main() -> None:
    """Run the command line of this process; never shows a traceback for what a person can mend."""
    try:
        build()(prog_name="ticketwire")  # however it was started
    except TicketwireError as error:
        say_error(error)
        usage = isinstance(error, ConfigurationError | InvalidRequest)
        sys.exit(getattr(error, "exit_code", 2 if usage else 1))
