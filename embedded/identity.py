"""As whom Postgres runs: it refuses root, and everything in a container is often root.

Not root: as we are. As root, the first of these that works here, tried by running `postgres --version` that way:

1. the account that owns existing data, when it is not root;
2. a user namespace in which we have another user id: files stay root's, and closed folders above stay reachable;
3. an unprivileged account, which is given the data, and keeps (on Linux) root's capability to pass closed folders.

Containers often forbid 2 (their seccomp profile does) but allow 3.
"""

import os
import pwd
import signal
from dataclasses import dataclass
from pathlib import Path

from embedded.data_folder import DataFolder
from embedded.kept_process import launch_words, run_to_end
from runtime.errors import EmbeddedError

_PREFERRED_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Identity:
    """How `launch` is told whom to become, and who must own the data then (None: they stay as they are)."""

    words: tuple[str, ...]
    owner: tuple[int, int] | None = None

    def own(self, path: Path) -> None:
        """Give `path`, and all beneath, to this identity, if it is there and is not so yet. Safe to repeat."""
        if self.owner is None or not path.exists() or path.stat().st_uid == self.owner[0]:
            return
        # The top last: should we be interrupted, the next start sees the old owner and does it all again.
        for folder, _, files in os.walk(path, topdown=False):
            for name in files:
                os.chown(Path(folder, name), *self.owner, follow_symlinks=False)
            os.chown(folder, *self.owner)
        os.chown(path, *self.owner)


async def choose_identity(folder: DataFolder, *, program: Path) -> Identity:
    """Find an identity under which `program` runs here; raises EmbeddedError, with all that was tried, if none does."""
    if os.geteuid() != 0:
        return Identity(("as-is",))
    refusals = []
    for identity in _candidates(folder.data):
        try:
            await run_to_end(
                program.name,
                [*launch_words(folder.path, signal.SIGKILL, identity.words), str(program), "--version"],
                lock=folder.lock_descriptor,
            )
        except EmbeddedError as error:
            refusals.append(error.hint)
        else:
            return identity
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and no other identity works in {folder.path}: " + "; ".join(refusals),
        hint="run as another user, or allow user namespaces, or choose a data folder that every account can reach",
    )


def _candidates(data: Path) -> list[Identity]:
    account = _unprivileged_account()
    candidates = [
        Identity(("namespace", str(account.pw_uid)), owner=(0, 0)),
        Identity(("account", str(account.pw_uid), str(account.pw_gid)), owner=(account.pw_uid, account.pw_gid)),
    ]
    if data.exists() and (owner := data.stat()).st_uid != 0:
        ids = (owner.st_uid, owner.st_gid)
        candidates.insert(0, Identity(("account", str(ids[0]), str(ids[1])), owner=ids))
    return candidates


def _unprivileged_account() -> pwd.struct_passwd:
    accounts = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in (*_PREFERRED_ACCOUNTS, *accounts):
        if name in accounts:
            return accounts[name]
    raise EmbeddedError(
        "PostgreSQL does not run as root, and this system knows no other account",
        hint="add one (useradd ticketwire), or run as another user",
    )
