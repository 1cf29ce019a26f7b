from framework import AppConfig


class PeopleConfig(AppConfig):
    """People, as in a swappable user app."""

    name = "people"
