from framework import AppConfig


class BankConfig(AppConfig):
    name = "vault"
    requires = ("db",)
