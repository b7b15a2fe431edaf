"""The pull request's callables, found by `package.module:name` and called with what they take by name."""

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import Any


def find(entrypoint: str) -> Callable[..., Any]:
    """The callable that `package.module:name` names.

    Raises:
        ImportError, AttributeError, TypeError: the module, the name, or that it is not callable.
    """
    module, _, name = entrypoint.partition(":")
    target = reduce(getattr, name.split("."), importlib.import_module(module))
    if not callable(target):
        raise TypeError(f"{entrypoint} is a {type(target).__name__}, not a callable")
    return target


def accepted(target: Callable[..., Any], names: Collection[str]) -> set[str]:
    """Those of `names` that the callable takes as parameters by name."""
    parameters = inspect.signature(target).parameters.values()
    named = {p.name for p in parameters if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}}
    return named & set(names)


def arguments(target: Callable[..., Any], *, options: Mapping[str, Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """The charter's options, all of which must fit, and of what is `offered` (seed, shots, device) only what is taken.

    Raises:
        TypeError: an option is not a parameter of the callable.
    """
    parameters = inspect.signature(target).parameters.values()
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    unknown = sorted(set(options) - accepted(target, options))
    if unknown and not takes_any:
        raise TypeError(f"candidate.options has {', '.join(unknown)}, which {getattr(target, '__name__', target)} does not take")
    return {name: offered[name] for name in accepted(target, offered)} | dict(options)


def samples(target: Callable[..., Any], given: Collection[str]) -> list[str]:
    """The parameters that must be passed by position: without a default, and none of those `given` by name."""
    parameters = inspect.signature(target).parameters.values()
    by_position = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD} and p.default is p.empty]
    return [p.name for p in by_position if p.name not in given]
