"""What a step may be, checked before it runs: options, weights, and the shape of its result."""
