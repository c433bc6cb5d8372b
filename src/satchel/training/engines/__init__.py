"""Engines: each trains the same parameters with the same arithmetic, in its own way."""
