"""Every wrong argument is answered by one of our errors, which names it."""

from __future__ import annotations

import pytest

import splineviz as sv
from splineviz.errors import SplinevizError, UnknownArgument
from tests.wrong_arguments import complexity, regions, training, widgets
from tests.wrong_arguments.values import NAMED, NET, PLANE, WRONG, X

# A callable, right arguments, and what kind each argument that is tried is of. An argument with a
# question mark may be None.
CALLS = regions.CALLS | complexity.CALLS | training.CALLS | widgets.CALLS


def answers(call, right, kinds):
    """What is wrong with the answer to each wrong argument."""
    for argument, kind in kinds.items():
        for value in WRONG[kind]:
            if value is None and argument.endswith("?"):
                continue
            name = argument.removesuffix("?")
            fault = answer(call, right, name, value)
            if fault:
                yield f"{name}={value!r} {fault}"


def answer(call, right, argument, value):
    """What is wrong with the answer to a wrong argument; None if it is as it should be."""
    try:
        call(**{**right, argument: value})
    except SplinevizError as error:
        named = NAMED.get(argument, argument)
        return None if named in str(error) else f"does not name it: {error}"
    except Exception as error:
        return f"is answered by {type(error).__name__}: {error}"
    return "is accepted"


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faults = [*answers(*CALLS[name])]
    assert not faults, "\n".join(faults)


def test_what_is_no_argument_says_which_there_are():
    with pytest.raises(UnknownArgument, match=r"takes model and plane by place; .*threads="):
        sv.enumerate_regions(NET, PLANE, None, 4)
    with pytest.raises(UnknownArgument, match="no argument 'thread'; it takes model, plane, progr"):
        sv.enumerate_regions(NET, PLANE, thread=1)
    with pytest.raises(UnknownArgument, match="the argument centre is called center now"):
        sv.local_complexity(NET, X, centre=True)
    with pytest.raises(UnknownArgument, match="missing a required argument: 'x'"):
        sv.local_complexity(NET)


def test_errors_from_within_a_call_stay_as_they_are():
    def failing(done, total):
        raise TypeError("of my own")

    with pytest.raises(TypeError, match="of my own") as told:
        sv.enumerate_regions(NET, PLANE, progress=failing)
    assert not isinstance(told.value, SplinevizError)
