"""The commands that move traffic back, by platform; every value of the charter is quoted for the shell wherever it stands.

A template of `templates/` has two blocks: `steps`, in order, and `watch`, the command to watch meanwhile. What an expression of a
template gives is one shell word: quoting it is no template's own business, so that none can forget it.
"""

import json
import shlex
from dataclasses import asdict, dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from qgate.domain.charter import Platform, Route, Strategy

_WORDS = MappingProxyType(
    {
        Strategy.BLUE_GREEN: "switch all traffic from {origin} to {to} at once, and keep {origin} running until {to} is verified",
        Strategy.CANARY: "set the weight of {origin}, the canary, to 0 and that of {to} to 100",
        Strategy.WEIGHTED_ROUTE: "set the weight of {origin} to 0 and that of {to} to 100 in the route",
        Strategy.FEATURE_FLAG: "set the flag to {to} for everybody, and turn off its targeting",
    }
)


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What is done, in order: shell commands, or a comment where the charter names no platform; and what shows that it works."""

    commands: tuple[str, ...]
    watch: str = ""


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("qgate.rollback"),
        autoescape=False,  # noqa: S701 -- these are shell commands; `finalize` quotes every value for the shell
        finalize=lambda value: shlex.quote(str(value)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def platform_steps(route: Route, platform: Platform) -> Steps:
    """The commands of a platform."""
    template = _environment().get_template(f"{platform}.sh.j2")
    values = asdict(route) | {"flag": route.flag or route.service, "namespace": route.namespace or "default"}
    context = template.new_context({**values, "json": _json, "project": _project(route)})
    steps, watch = ("".join(template.blocks[name](context)).split("\n") for name in ("steps", "watch"))
    return Steps(commands=tuple(filter(None, steps)), watch=" ".join(filter(None, watch)))


def words(route: Route, traffic: str) -> Steps:
    """What has to be done where no platform is named: a comment, since no command is known."""
    if route.strategy is None:
        said = f"move all traffic along {traffic}"
    else:
        said = _WORDS[route.strategy].format(origin=route.origin, to=route.to)
    return Steps(commands=(f"# {' '.join(said.split())}",))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _project(route: Route) -> tuple[str, str]:
    """LaunchDarkly's project and environment, of `<project>/<environment>`."""
    project, _, environment = (route.namespace or "default/production").rpartition("/")
    return project or "default", environment
