"""What the mysql modules share: they work through the `mysql` command of the host."""
