"""The Python that runs us."""

import platform
import sysconfig


def is_optimized() -> bool:
    """Whether it was built with the compiler's measurements of it (CPython's `configure --enable-optimizations`).

    What does not say how it was built, as on Windows, counts as if it were.
    """
    said = sysconfig.get_config_var("CONFIG_ARGS")
    return said is None or "--enable-optimizations" in said


def description() -> str:
    """Its version, and that it is slow where it is."""
    return platform.python_version() + ("" if is_optimized() else ", built without --enable-optimizations")
