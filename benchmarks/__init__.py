"""How fast `provision` is beside plain ssh and its peers: `python -m benchmarks --help`."""
