"""What every drawing shares: colors, the axis of steps, polygons, lines and marks."""
