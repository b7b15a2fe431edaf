"""How much a command says: `-v` and `-q`, which stand before the subcommand or after it."""

import logging

import click


def voice() -> list[click.Parameter]:
    """The two options anew: a command owns its parameters."""
    return [
        click.Option(["-v", "--verbose"], is_flag=True, expose_value=False, callback=_heard, help="Say what is done in detail."),
        click.Option(["-q", "--quiet"], is_flag=True, expose_value=False, callback=_heard, help="Print the result only."),
    ]


def _heard(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Keeps what was asked where every command looks: in the object that all contexts of one call share."""
    said = context.find_root().ensure_object(dict)
    said[parameter.name] = bool(said.get(parameter.name) or value)
    if said.get("verbose") and said.get("quiet"):
        raise click.UsageError("-v and -q contradict each other", context)
    if said.get("verbose"):
        logging.getLogger().setLevel(logging.DEBUG)
