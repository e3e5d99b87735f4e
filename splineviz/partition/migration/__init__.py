"""Region migration: where boundaries lie, near the data and at the decision, over a training."""
