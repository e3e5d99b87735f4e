"""What is known of the regions of a plane: each class adds one subject to SplinePartition."""
