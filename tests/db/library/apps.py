from framework import AppConfig


class LibraryConfig(AppConfig):
    """Books and who reads them; knows people only by name."""

    name = "library"
