"""Training a small network on points in the plane while its exact regions move."""
