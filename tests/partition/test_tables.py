"""Regions as tables of pandas and geopandas."""

from __future__ import annotations

import sys

import geopandas
import numpy as np
import pandas as pd
import pytest

import splineviz as sv
from splineviz.errors import MissingDependency
from tests.partition.networks import FRAME_WITH_HOLES, partition_of, random_mlp

MEASURES = ["area", "perimeter", "eccentricity", "degree", "slope_norm", "prediction"]


@pytest.fixture(scope="module")
def partition():
    return sv.enumerate_regions(random_mlp(1, [2, 8, 8, 3]), sv.InputSlice.identity())


def test_the_table_has_one_row_a_region(partition):
    table = partition.to_dataframe()
    assert list(table.columns) == [*MEASURES, "active_relu0", "active_relu1"]
    assert table.index.name == "region"
    assert len(table) == len(partition)
    np.testing.assert_array_equal(table["area"], partition.areas)
    np.testing.assert_array_equal(table["degree"], partition.degrees)
    np.testing.assert_array_equal(table["slope_norm"], partition.slope_norms())
    np.testing.assert_array_equal(table["active_relu1"], partition.activation_counts()[:, 1])
    assert table["prediction"].dtype == np.int64


def test_the_geographic_table_is_the_same_with_polygons(partition):
    table = partition.to_geodataframe()
    assert isinstance(table, geopandas.GeoDataFrame)
    assert table.crs is None
    assert (table.geometry.values == partition.polygons).all()
    np.testing.assert_allclose(table.area, table["area"])
    pd.testing.assert_frame_equal(
        pd.DataFrame(table.drop(columns="geometry")), partition.to_dataframe()
    )


def test_one_region_without_layers():
    table = partition_of(FRAME_WITH_HOLES).to_geodataframe()
    assert list(table.columns) == [*MEASURES, "geometry"]
    assert table.geometry[0].equals(FRAME_WITH_HOLES)


def test_without_geopandas_the_error_says_what_to_install(partition, monkeypatch):
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(
        MissingDependency, match=r"to_geodataframe needs geopandas.*pip install geo"
    ):
        partition.to_geodataframe()
    assert len(partition.to_dataframe()) == len(partition)
