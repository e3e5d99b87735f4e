"""What each region measures, as a table of pandas or geopandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from splineviz.errors import MissingDependency

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from splineviz.partition.spline_partition import SplinePartition


def to_dataframe(partition: SplinePartition) -> pd.DataFrame:
    """One row a region."""
    import pandas as pd

    columns = {
        "area": partition.areas,
        "perimeter": partition.perimeters,
        "eccentricity": partition.eccentricities,
        "degree": partition.degrees,
        "slope_norm": partition.slope_norms(),
        "prediction": partition.predictions(),
    }
    counts = partition.activation_counts()
    for i, layer in enumerate(partition.layers):
        columns[f"active_{layer.name}"] = counts[:, i]
    return pd.DataFrame(columns, index=pd.RangeIndex(len(partition), name="region"))


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
