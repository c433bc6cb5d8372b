"""The commands: the only floor that imports typer, prints, or shows progress."""
