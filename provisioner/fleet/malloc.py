"""glibc's malloc set for many threads that do little: else it keeps memory for each of them."""

from __future__ import annotations

FEW = 10
"""Up to so many hosts at once it is not worth its milliseconds."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h, man 3 mallopt


def spare(hosts: int) -> None:
    """Have memory that was freed given back, where so many hosts are walked at once: 4 MB less at
    50. To be called before there are threads; does nothing where libc is another one."""
    if hosts <= FEW:
        return
    import ctypes  # takes some milliseconds

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
        mallopt(_TRIM_THRESHOLD, 1 << 16)
        mallopt(_MMAP_THRESHOLD, 1 << 16)
