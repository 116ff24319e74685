"""Memory that is kept: in a process of its own, for it cannot be undone."""

import platform
import subprocess
import sys

import pytest

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

print(keep_freed_memory(), faults(3) > 0, faults(10))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such choice")
def test_a_block_that_was_freed_is_used_again_without_asking_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    kept, at_first, later = done.stdout.split()
    assert (kept, at_first) == ("True", "True")
    assert int(later) < 1000, "ten times two blocks of 8 MB are 40,000 pages"
