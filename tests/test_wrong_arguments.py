"""Every wrong argument is answered by one of our errors, which names it."""

from __future__ import annotations

import inspect

import pytest

import splineviz as sv
from splineviz.errors import SplinevizError, UnknownArgument
from splineviz.training import data
from tests.wrong_arguments import complexity, regions, training, widgets
from tests.wrong_arguments.values import NAMED, NET, PLANE, WRONG, X

# A callable, right arguments, and what kind each argument that is tried is of. An argument with a
# question mark may be None.
CALLS = regions.CALLS | complexity.CALLS | training.CALLS | widgets.CALLS

# What functions return is plain data; its constructors check little, so that they cost nothing.
RETURNED = {
    *("ActivationRegion", "Certificate", "ComplexityCurves", "ComplexityMap", "Deformation"),
    *("LocalComplexity", "MeasureCurves", "Migration", "MigrationCurves", "NeuronStates"),
    *("PatternChurn", "SegmentCertificate", "SegmentPartition", "SplinePartition"),
    "data.Dataset",
    *("ClassTopology", "ComplexityAgreement", "LocalGeometry", "SliceEnsemble"),
}
# Methods that the package itself calls, with arguments that it has checked.
INSIDE = {
    *("Coloring.describe", "Coloring.limits", "Coloring.quantiles", "Coloring.spanned"),
    *("CompareRuns.fill", "CurvesView.fill", "MigrationView.fill", "ComplexityPlot.show"),
    *("ComplexityCurves.stack", "InputSegment.strip_of_height", "InputSlice.unchecked"),
    *("Program.activate", "Program.affine", "Program.affine_deviation", "Program.affine_linear"),
    *("Program.affine_magnitude", "Program.run_opaque", "Program.switches"),
}


def takes_arguments(function):
    return bool({*inspect.signature(function).parameters} - {"self", "cls"})


def public_calls():
    """The public functions, classes and methods that take arguments, by name."""
    modules = [("", sv, sv.__all__), ("data.", data, data.__all__)]
    yield from (f"recipes.{name}" for name in ("train", "data", "measure", "recipe_of", "sweep"))
    for prefix, module, names in modules:
        for name in names:
            value = getattr(module, name)
            if callable(value) and takes_arguments(value):
                yield prefix + name
            for base in getattr(value, "__mro__", ()):
                for method, wrapped in vars(base).items():
                    function = getattr(wrapped, "__func__", wrapped)
                    if (
                        base.__module__.startswith("splineviz")
                        and not method.startswith("_")
                        and method != "reinitialize"  # takes what the class takes
                        and inspect.isfunction(function)
                        and takes_arguments(function)
                    ):
                        yield f"{prefix}{name}.{method}"


def test_the_walk_has_the_whole_public_surface():
    walked = {name.partition(" ")[0] for name in CALLS}
    assert {*public_calls()} - RETURNED - INSIDE - walked == set()
    assert (RETURNED | INSIDE | walked) - {*public_calls()} == set()


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
        named = any(word in str(error) for word in (argument, NAMED.get(argument, argument)))
        return None if named else f"does not name it: {error}"
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
