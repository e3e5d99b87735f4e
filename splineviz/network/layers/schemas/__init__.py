"""What a step may be, asked before it runs: options, weights, and the shape of its result."""
