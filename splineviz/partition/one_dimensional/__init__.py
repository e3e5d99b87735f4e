"""One input: slices that are a segment, and the intervals into which a network cuts them."""
