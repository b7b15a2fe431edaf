"""Intervals and tests: pure numpy and scipy, no knowledge of charters or evidence."""
