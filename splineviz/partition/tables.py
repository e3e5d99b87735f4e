"""What each region measures, as a table of pandas or geopandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.errors import MissingDependency
from splineviz.partition.patterns import LayerPattern
from splineviz.typing import IntArray

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from splineviz.partition.spline_partition import SplinePartition


def to_dataframe(partition: SplinePartition) -> pd.DataFrame:
    """One row a region."""
    columns = {
        "area": partition.areas,
        "perimeter": partition.perimeters,
        "eccentricity": partition.eccentricities,
        "degree": partition.degrees,
        "slope_norm": partition.slope_norms(),
        "prediction": partition.predictions(),
    }
    return region_table(columns, partition.layers, partition.activation_counts())


def region_table(
    columns: Mapping[str, npt.NDArray[np.generic]],
    layers: Sequence[LayerPattern],
    counts: IntArray,
) -> pd.DataFrame:
    """Make a table with one row a region: some columns, and the active neurons of each layer.

    Parameters
    ----------
    columns : mapping of str to array (R,)
    layers : sequence of LayerPattern
    counts : int64 array (R, L)
        How many neurons of each layer are active in each region.
    """
    import pandas as pd

    names = [f"active_{layer.name}" for layer in layers]
    active = dict(zip(names, counts.T, strict=True))
    index = pd.RangeIndex(len(counts), name="region")
    return pd.DataFrame({**columns, **active}, index=index)


def to_geodataframe(partition: SplinePartition) -> geopandas.GeoDataFrame:
    """One row a region, with its polygon as geometry.

    Raises
    ------
    MissingDependency
        If geopandas is not installed.
    """
    try:
        import geopandas
    except ImportError as error:
        raise MissingDependency("geopandas", "to_geodataframe") from error
    return geopandas.GeoDataFrame(to_dataframe(partition), geometry=partition.polygons)
