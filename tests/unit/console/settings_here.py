"""Settings of a test, whatever configuration the machine has."""

from typing import Any

from cli.demo_command import Defaults
from runtime.settings import Settings


def settings_here(**said: Any) -> Settings:
    """The defaults, and what is said."""
    return Defaults(**said)
