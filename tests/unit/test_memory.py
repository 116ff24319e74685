"""Memory that is kept: in a process of its own, for it cannot be undone."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping

import pytest

from runtime.memory import kept_memory

_PROGRAM = """
import resource
from runtime.memory import keep_freed_memory

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        block = bytearray(8 * 2**20)
        block[:] = b"x" * len(block)
        del block
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

KEEP
faults(3)
print(faults(10))
"""
_PAGES = 10_000
"""Ten times two blocks of 8 MB are four times as many."""

glibc_only = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such choice")


def faults(keep: str, environment: Mapping[str, str]) -> int:
    """How often the system was asked for a page, when blocks were made and freed after `keep`."""
    command = [sys.executable, "-c", _PROGRAM.replace("KEEP", keep)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | dict(environment))  # noqa: S603 - our own words
    return int(done.stdout)


@glibc_only
@pytest.mark.parametrize(("keep", "environment"), [("assert keep_freed_memory()", {}), ("", kept_memory())])
def test_a_block_that_was_freed_is_used_again_without_asking_the_system(
    keep: str, environment: Mapping[str, str]
) -> None:
    assert faults(keep, environment) < _PAGES / 10


@glibc_only
def test_by_itself_the_library_asks_each_time() -> None:
    assert faults("", {}) > _PAGES
