from framework import AppConfig


class GazetteConfig(AppConfig):
    name = "gazette"
    requires = ("db", "cache")
