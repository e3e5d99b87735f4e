"""The activation region of one input, in all dimensions of the input space."""
