"""Exceptions of rendering, for values that are not available yet.

The engine catches them when it renders tasks ahead of time. They derive from `BaseException` so
that no filter or lookup that ignores errors can catch them.
"""

from __future__ import annotations


class NeedResult(BaseException):
    """The value depends on the result of a task that has not returned yet."""


class NeedFacts(BaseException):
    """The value is a fact, and no facts have been gathered."""


class NeedOtherHosts(BaseException):
    """The value belongs to another host, which may not have reached this task yet."""
