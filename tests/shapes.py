"""Array shapes in annotations, held while tests run.

``points: Annotated[FloatArray, "n 2"]`` says that an array has two axes, the second of length 2.
The same name stands for the same length in all arguments and results of one call; ``...`` stands
for any number of axes, the same in all of them. Type checkers read the rest of the annotation.
Users pay nothing: only tests look at shapes.
"""

from __future__ import annotations

import functools
import inspect
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from types import FunctionType
from typing import Annotated, Any, get_args, get_origin

import numpy as np

ROOMS = ("splineviz.partition.measures.", "splineviz.partition.affine_maps", "splineviz.network.")
"""Where shapes are held."""


class WrongShape(AssertionError):
    """An array is not what an annotation says."""


def check_shape(array: Any, dtype: Any, shape: str, sizes: dict[str, Any], where: str) -> None:
    """Compare one array with its annotation, and add the sizes that it fixes to those known."""
    message = f"{where} is not {np.dtype(dtype)} ({shape})"
    if not isinstance(array, np.ndarray):
        raise WrongShape(f"{message}: it is {type(array).__name__}")
    message += f" but {array.dtype} {array.shape}, where {sizes}"
    names, found = shape.split(), list(array.shape)
    if "..." in names:
        place, many = names.index("..."), len(found) - len(names) + 1
        names[place : place + 1] = ["..."] if many >= 0 else []
        found[place : place + max(many, 0)] = [tuple(found[place : place + max(many, 0)])]
    if array.dtype != dtype or len(names) != len(found):
        raise WrongShape(message)
    for name, size in zip(names, found, strict=True):
        if size != (int(name) if name.isdigit() else sizes.setdefault(name, size)):
            raise WrongShape(message)


def annotated(function: FunctionType) -> dict[str, list[tuple[int | None, Any, str]]]:
    """The shapes in a function's annotations: place in a tuple or None, type and shape."""
    found = {}
    for name, text in function.__annotations__.items():
        if "Annotated[" not in str(text):
            continue
        hint = eval(text, function.__globals__) if isinstance(text, str) else text
        parts = list(enumerate(get_args(hint))) if get_origin(hint) is tuple else [(None, hint)]
        found[name] = [
            (place, get_args(get_args(part)[0])[1].__args__[0], get_args(part)[1])
            for place, part in parts
            if get_origin(part) is Annotated
        ]
    return found


def checked(function: FunctionType) -> FunctionType:
    """The same function, with the arrays of each call compared with its annotations."""
    shapes, bind, check = annotated(function), inspect.signature(function).bind, check_shape
    results = shapes.pop("return", [])
    if not shapes and not results:
        return function

    def call(*args: Any, **kwargs: Any) -> Any:
        sizes: dict[str, Any] = {}
        given = bind(*args, **kwargs).arguments
        for name, [(_, dtype, shape)] in shapes.items():
            if name in given:
                check(given[name], dtype, shape, sizes, f"{name} of {function.__qualname__}")
        made = function(*args, **kwargs)
        for place, dtype, shape in results:
            one = made if place is None else made[place]
            check(one, dtype, shape, sizes, f"the result of {function.__qualname__}")
        return made

    # With the globals of its module it is found by doctest as one of it.
    code, closure = call.__code__, call.__closure__
    wrapper = FunctionType(code, function.__globals__, function.__name__, None, closure)
    return functools.update_wrapper(wrapper, function)


class CheckedModules(MetaPathFinder):
    """Finds modules of some rooms, and checks the calls of the functions that they define."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        spec = PathFinder.find_spec(name, path, target) if name.startswith(ROOMS) else None
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            run(module)
            for key, value in vars(module).items():
                if isinstance(value, FunctionType) and value.__module__ == name:
                    setattr(module, key, checked(value))

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def hold_shapes() -> None:
    """Check all modules that are imported from now on."""
    loaded = [name for name in sys.modules if name.startswith(ROOMS)]
    assert not loaded, f"{loaded} are there already, and would go unchecked"
    sys.meta_path.insert(0, CheckedModules())
