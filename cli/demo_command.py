"""ticketwire demo: the main job on this machine, shown."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cli.api_client import ApiClient
from cli.demo_check import Follower, Result
from cli.demo_partners import DemoPartners
from cli.demo_report import show_looks, show_results, show_state
from cli.hub import Hub
from cli.running import RunningUp, in_use, only_one, write_running
from cli.sample_list import Sample, samples
from cli.talk import Json, print_json, say
from cli.up_command import run_hub, show_running
from dialects.registry import CALLERS
from runtime.errors import Conflict
from runtime.logs import configure_logs
from runtime.settings import Settings, SourceSettings, VerificationSettings, load_settings

_FOLDER = "ticketwire-demo-"


class Defaults(Settings):
    """The defaults, whatever the configuration file and the environment say: the demo is the same everywhere."""

    model_config = SettingsConfigDict(toml_file=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Start here")(demo)


def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="Check everything, stop everything, exit 0 or 1.")] = False,
    as_json: Json = False,
) -> None:
    """Run everything here, send the documents' own payloads through, show each step, and stay up for a look.

    It has Kafka, Postgres and data of its own in a temporary folder, gone afterwards, and runs on default settings:
    what `ticketwire up` keeps is never touched.

    \b
    ticketwire demo
    ticketwire demo --exit --json
    """
    configure_logs(service="demo", format_="text")
    with _own_folder() as folder, _known_to_other_commands(wanted=not exit_) as tell:
        settings = _with_proof(folder)
        shown = Demo(settings, exit_after=exit_, as_json=as_json, tell=tell)
        hub = Hub(settings, data_dir=folder, talk=say, on_change=tell, any_port=True, isolated=True)
        asyncio.run(run_hub(hub, shown.ready, end_when_done=exit_))
    if exit_ and not shown.all_well:
        raise typer.Exit(1)


class Demo:
    """What is done once the hub is ready."""

    def __init__(
        self, settings: Settings, *, exit_after: bool, as_json: bool, tell: Callable[[RunningUp], None]
    ) -> None:
        self.all_well = False
        self._settings = settings
        self._exit_after = exit_after
        self._as_json = as_json
        self._tell = tell

    async def ready(self, running: RunningUp) -> None:
        """Send everything, show what became of it; without --exit stay until cancelled."""
        self._tell(running)
        api = ApiClient(running.console, running.admin_token)
        partners = DemoPartners(api)
        try:
            results = await self._send_all(running, api, partners)
            self._show(results)
            if not self._exit_after:
                await asyncio.to_thread(show_state, api)
                show_running(running)
                show_looks(running)
                say("the demo stays up for a look; Ctrl-C stops everything and removes its data")
                await asyncio.Event().wait()
        finally:
            await partners.stop()

    def _show(self, results: list[Result]) -> None:
        good = sum(result.ok for result in results)
        expected = sum(len(sample.told) + (sample.source in CALLERS) for sample in samples())
        self.all_well = good == expected
        if self._as_json:
            print_json([result.brief() for result in results])
        else:
            show_results(results)
        say(f"{good} of {expected} of the partners' verdicts are as they should be")

    async def _send_all(self, running: RunningUp, api: ApiClient, partners: DemoPartners) -> list[Result]:
        say(f"sending {len(samples())} of the documents' payloads")
        follower = Follower(self._settings, api, partners, f"{running.ingest}/in")
        ways = await asyncio.gather(*(_in_turn(follower, group) for group in _by_order()))
        return sorted((result for way in ways for result in way), key=lambda result: (result.sample, result.dialect))


def _with_proof(folder: Path) -> Settings:
    """The defaults, and sources where callers prove themselves as their contracts say, with new secrets.

    Written for the services too: they read the configuration file of the folder in which they run.
    """
    sources: dict[str, SourceSettings] = {}
    lines: list[str] = []
    for name in sorted({sample.source for sample in samples()}):
        lines += [f"[sources.{name}]", f'dialect = "{name}"']
        sources[name] = SourceSettings(dialect=name)
        if name in CALLERS:
            secret = secrets.token_hex(16)
            lines += [f"[sources.{name}.verification]", 'scheme = "dialect"', f'secrets = ["{secret}"]']
            proof = VerificationSettings(scheme="dialect", secrets=(SecretStr(secret),))
            sources[name] = SourceSettings(dialect=name, verification=proof)
    (folder / "ticketwire.toml").write_text("\n".join(lines) + "\n")
    return Defaults(sources=sources)


def _by_order() -> list[list[Sample]]:
    """Samples of one order go one after the other: the later one corrects the earlier."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples():
        groups.setdefault(sample.order_no, []).append(sample)
    return list(groups.values())


async def _in_turn(follower: Follower, group: list[Sample]) -> list[Result]:
    return [result for sample in group for result in await follower.follow(sample)]


@contextmanager
def _own_folder() -> Iterator[Path]:
    for left_behind in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*/up.lock"):  # by a demo that was killed
        if not in_use(left_behind.parent):
            shutil.rmtree(left_behind.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER))
    try:
        with only_one(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _known_to_other_commands(*, wanted: bool) -> Iterator[Callable[[RunningUp], None]]:
    """Let other commands in this folder find the demo, unless an `up` runs here: then they are that one's."""
    with ExitStack() as stack:
        if wanted:
            folder = load_settings().data_dir
            try:
                stack.enter_context(only_one(folder))
            except Conflict as conflict:
                say(f"{conflict.message}: other commands stay with it; name the demo's console with --url")
            else:
                yield lambda running: write_running(folder, running)
                return
        yield lambda _: None
