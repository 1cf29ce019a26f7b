from framework import AppConfig


class PressConfig(AppConfig):
    name = "tests.auth.press"
    label = "press"
    requires = ("db", "auth")
