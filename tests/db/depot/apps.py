from framework import AppConfig


class DepotConfig(AppConfig):
    name = "depot"
