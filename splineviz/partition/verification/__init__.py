"""Whether a partition is right: its certificate, and the definition in plain shapely."""
