"""`rollback.traffic`: the published text `<strategy>_to_<target>`, or a mapping that also names the platform."""

import re
from types import MappingProxyType
from typing import Any

from qgate.domain.charter import Platform, Route, Strategy

# What people call a strategy in the text's first part, which may begin with a word of their own: `solver_flag_to_annealing`.
_WORDS = MappingProxyType(
    {
        "blue_green": Strategy.BLUE_GREEN,
        "canary": Strategy.CANARY,
        "weighted_route": Strategy.WEIGHTED_ROUTE,
        "weighted": Strategy.WEIGHTED_ROUTE,
        "feature_flag": Strategy.FEATURE_FLAG,
        "flag": Strategy.FEATURE_FLAG,
    }
)
_TEXT = re.compile(rf"(?:[a-z0-9]+[_-])*?(?P<strategy>{'|'.join(_WORDS)})_to_(?P<to>[A-Za-z0-9][A-Za-z0-9._-]*)")
# Which platform can do what: a flag is not a route, and a route knows no variations.
_FLAGS = frozenset({Platform.LAUNCHDARKLY, Platform.OPENFEATURE})
_ALL = 100  # percent of the requests
# Keys of the mapping by the names of the fields they fill.
_FIELDS = MappingProxyType({"from": "origin"})


def read_route(traffic: str | dict[str, Any]) -> Route:
    """The route of a valid charter; text that names no strategy is one without."""
    if isinstance(traffic, str):
        found = _TEXT.fullmatch(traffic.strip())
        return Route(strategy=_WORDS[found["strategy"]], to=found["to"]) if found else Route()
    value = {_FIELDS.get(key, key): item for key, item in traffic.items()}
    value["strategy"] = Strategy(value["strategy"])
    if "platform" in value:
        value["platform"] = Platform(value["platform"])
    return Route(**{"share": _ALL, **value})


def route_text(traffic: str | dict[str, Any]) -> str:
    """The route in one line: a mapping's in the form of the text."""
    return traffic if isinstance(traffic, str) else f"{traffic['strategy']}_to_{traffic['to']}"


def fitting(strategy: str) -> tuple[Platform, ...]:
    """The platforms that a strategy can have."""
    flag = strategy == Strategy.FEATURE_FLAG
    return tuple(platform for platform in Platform if (platform in _FLAGS) is flag)
