"""Random input for everything that reads text of others: files of the operator, and hosts."""
