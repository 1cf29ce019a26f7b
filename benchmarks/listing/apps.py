"""The app of the cached list."""

from framework import AppConfig


class ListingConfig(AppConfig):
    """A list of 100 rows."""

    name = "listing"
