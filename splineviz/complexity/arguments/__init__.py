"""What users say: which points, which neighborhood around them, which layers."""
