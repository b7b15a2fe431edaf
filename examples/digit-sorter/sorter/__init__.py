"""Sorting of handwritten digits: a hybrid candidate (`sorter.hybrid`) beside its classical baseline (`sorter.classical`)."""
