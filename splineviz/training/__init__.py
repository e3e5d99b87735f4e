"""Training runs: recording, reading back, and the experiments by name."""
