"""Settings of glibc's malloc for many threads."""

from __future__ import annotations

FEW_HOSTS = 10
"""Up to this number of parallel hosts, the saved memory is not worth the milliseconds."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h, mallopt(3)


def save_memory(hosts: int) -> None:
    """Make malloc return freed memory to the system: with 50 parallel hosts, this saves 4 MB.

    Call it before threads are started. It does nothing with another libc.
    """
    if hosts <= FEW_HOSTS:
        return
    import ctypes  # imported here because it takes some milliseconds

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
        mallopt(_TRIM_THRESHOLD, 1 << 16)
        mallopt(_MMAP_THRESHOLD, 1 << 16)
