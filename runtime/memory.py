"""What the C library does with freed memory.

By default glibc gives a large block back to the system at once and asks for it again for the next batch; the system
clears each page of it anew. A batch's messages to and from Postgres are such blocks.
"""

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_BLOCK_BYTES = 32 * 2**20
"""Blocks up to this size are kept: the most that glibc takes (mallopt(3))."""
_KEPT_BYTES = 64 * 2**20
"""How much free memory is kept at the end of the heap."""


def kept_memory() -> dict[str, str]:
    """The same choice as environment variables (mallopt(3), "Environment variables"), for a program that is not ours.
    Other C libraries do not know them."""
    return {"MALLOC_MMAP_THRESHOLD_": str(_BLOCK_BYTES), "MALLOC_TRIM_THRESHOLD_": str(_KEPT_BYTES)}


def keep_freed_memory() -> bool:
    """To be called once, by who works in batches; False where the C library has no such choice (musl, macOS)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _BLOCK_BYTES) and mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES))
