import pytest

from qgate.worker.entrypoint import accepted, arguments, find


def builder(layers, *rest, seed=None, shots=1000, **others): ...


def strict(layers, /, seed, *, shots=1000): ...


@pytest.mark.parametrize(("entrypoint", "name"), [("json:dumps", "dumps"), ("json:JSONDecoder.decode", "decode")])
def test_a_callable_is_found_by_module_and_name(entrypoint, name):
    assert find(entrypoint).__name__ == name


@pytest.mark.parametrize(
    ("entrypoint", "error", "words"),
    [
        ("no_such_module:build", ImportError, "No module named 'no_such_module'"),
        ("json:no_such_name", AttributeError, "has no attribute 'no_such_name'"),
        ("json:__name__", TypeError, "json:__name__ is a str, not a callable"),
    ],
)
def test_what_is_not_there_is_named(entrypoint, error, words):
    with pytest.raises(error, match=words):
        find(entrypoint)


@pytest.mark.parametrize(
    ("target", "names"), [(builder, {"layers", "seed", "shots"}), (strict, {"seed", "shots"}), (lambda: None, set())]
)
def test_only_parameters_that_can_be_named_are_accepted(target, names):
    assert accepted(target, {"layers", "rest", "seed", "shots", "others", "device"}) == names


def test_options_all_go_in_and_offers_where_they_are_taken():
    assert arguments(builder, options={"depth": 2}, offered={"seed": 7, "device": "x"}) == {"depth": 2, "seed": 7}


def test_an_option_wins_over_an_offer():
    assert arguments(builder, options={"shots": 10}, offered={"shots": 100}) == {"shots": 10}


def test_an_option_that_is_not_taken_is_an_error():
    with pytest.raises(TypeError, match=r"candidate.options has layers, width, which strict does not take"):
        arguments(strict, options={"width": 1, "layers": 2, "seed": 3}, offered={})
