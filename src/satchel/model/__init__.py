"""The classifier: parameters, layers, losses, and the file they are kept in."""
