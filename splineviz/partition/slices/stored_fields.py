"""The fields of a slice as JSON values, read from what users give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from splineviz.errors import InvalidArgument, InvalidSlice
from splineviz.validation.wording import listed, shown


def read_fields(data: Any, names: Sequence[str], kind: str) -> list[Any]:
    """Read the fields of a slice, in the order of their names.

    Parameters
    ----------
    data : mapping
        As a user gives it.
    names : sequence of str
    kind : str
        The class whose ``to_json`` writes them, for the message.

    Raises
    ------
    InvalidArgument
        If it is no mapping, or lacks a field.
    """
    if not isinstance(data, Mapping) or any(name not in data for name in names):
        raise InvalidArgument(
            f"data must be the dict that {kind}.to_json() makes, with {listed(names)}; not "
            f"{shown(data)}"
        )
    return [data[name] for name in names]


def read_domain(text: Any) -> Any:
    """Read a domain from the text of its well-known bytes.

    Raises
    ------
    InvalidSlice
        If it is none.
    """
    try:
        return shapely.from_wkb(text)
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise InvalidSlice(f"the domain cannot be read from {shown(text)}: {error}") from error
