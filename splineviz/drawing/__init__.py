"""What every drawing shares: colours, the axis of steps, polygons, lines and marks."""
