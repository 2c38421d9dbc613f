"""Faults that are injected for real: signals, lying hosts."""
