"""What a user may say, and the reading of it."""
