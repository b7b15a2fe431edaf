"""The gates: one metric family a file, each a pure function of (evidence, charter)."""
