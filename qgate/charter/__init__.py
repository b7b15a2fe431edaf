"""The charter: read from YAML with positions, checked against the schema and its own rules, built into `qgate.domain.charter`."""
