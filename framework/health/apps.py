"""The app that answers probes."""

from framework import AppConfig


class HealthConfig(AppConfig):
    """Asks every app's `health()` on behalf of load balancers and orchestrators."""

    name = "framework.health"
