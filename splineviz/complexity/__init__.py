"""Local complexity: how many neurons' boundaries cross a small neighbourhood of an input."""
