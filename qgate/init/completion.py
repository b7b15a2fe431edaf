"""What an editor needs to complete and check a charter as it is typed: the schema beside it, and a first line that names it."""

from qgate.charter.schema import charter_schema_text

# Beside the charter, so that it is found without a network, and is that of the qgate that drafted it. The gate does not read it.
SCHEMA = ".qgate/charter.schema.json"
_MARK = "# yaml-language-server:"
_LINE = f"{_MARK} $schema=charter.schema.json"


def schema_file() -> str:
    """The content of `SCHEMA`."""
    return charter_schema_text()


def announced(charter: str) -> str:
    """The charter with the line that editors look for; one that has such a line keeps it."""
    if any(line.startswith(_MARK) for line in charter.splitlines()):
        return charter
    end = "\r\n" if "\r\n" in charter else "\n"
    return f"{_LINE}{end}{charter}"
