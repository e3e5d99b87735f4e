"""From the ranges of pre-activations over a neighborhood to how many neurons are crossed."""
