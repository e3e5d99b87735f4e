"""What a partition measures: pure functions behind the methods of SplinePartition."""
