from framework import AppConfig


class TallyConfig(AppConfig):
    name = "tally"
    requires = ("db", "cache")
