"""A pilot measured: its inputs checked and opened, its candidate and baselines asked, the answers made into evidence."""
