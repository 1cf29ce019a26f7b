from framework import AppConfig


class BankConfig(AppConfig):
    name = "bank"
    requires = ("db",)
