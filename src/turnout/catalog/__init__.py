"""What exists: providers and models, as data."""
