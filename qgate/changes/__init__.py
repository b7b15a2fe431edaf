"""The change: git, the import graph, and which pilots are reached."""
