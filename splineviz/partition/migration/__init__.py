"""Region migration over a training: one measure at every checkpoint."""
