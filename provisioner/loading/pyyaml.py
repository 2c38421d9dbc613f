"""PyYAML, without compiling its patterns: that takes 8 ms, and libyaml needs few of them."""

from provisioner.regex import compiled_later

with compiled_later():
    import yaml

__all__ = ["yaml"]
