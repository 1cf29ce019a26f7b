from framework import AppConfig


class PressConfig(AppConfig):
    name = "press"
    requires = ("db", "cache")
