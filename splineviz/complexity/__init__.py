"""Local complexity: how many neurons' boundaries cross a small neighborhood of an input."""
