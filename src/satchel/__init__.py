"""Satchel: small, fast, trustworthy text classifiers from one YAML file."""

__version__ = "0.1.0"
