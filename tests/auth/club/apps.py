from framework import AppConfig


class ClubConfig(AppConfig):
    name = "tests.auth.club"
    label = "club"
    requires = ("users",)
