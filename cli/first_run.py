"""What `up` makes for itself on the first run: the admin token and the encryption key, readable by its user only."""

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ValidationError

from runtime.errors import ConfigurationError
from runtime.secret_box import new_key

_FILE = "secrets.json"


class OwnSecrets(BaseModel):
    admin_token: str
    encryption_key: str


def own_secrets(data_dir: Path) -> OwnSecrets:
    """The secrets of this data folder, made on the first call. Raises ConfigurationError when the file is unusable."""
    file = data_dir / _FILE
    try:
        return OwnSecrets.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return _made(file)
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            f"{file} cannot be read: {type(error).__name__}",
            hint="restore it: without its encryption key the endpoints' secrets in this folder are lost",
        ) from None


def _made(file: Path) -> OwnSecrets:
    """Complete before it has its name: a crash between leaves no half of it."""
    made = OwnSecrets(admin_token=secrets.token_urlsafe(32), encryption_key=new_key())
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as content:
        content.write(made.model_dump_json(indent=2))
        content.flush()
        os.fsync(descriptor)
    new.rename(file)
    return made
