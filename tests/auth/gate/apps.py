from framework import AppConfig


class GateConfig(AppConfig):
    name = "tests.auth.gate"
    label = "gate"
    requires = ("auth",)
