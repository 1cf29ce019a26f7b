from framework import AppConfig


class GoodsConfig(AppConfig):
    name = "tests.testing.goods"
    requires = ("db",)
