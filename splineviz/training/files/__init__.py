"""A run on disk: what each of its files holds, and how it is written so that nothing is lost."""
