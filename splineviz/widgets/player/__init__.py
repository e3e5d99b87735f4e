"""The player: the picture of all regions at one step, and what stands beside it."""
