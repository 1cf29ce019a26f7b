from framework import AppConfig


class RushConfig(AppConfig):
    name = "rush"
    requires = ("cache",)
