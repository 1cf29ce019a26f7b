"""Services by type: registered per project, built per scope. Knows nothing of the web."""

from framework.services.markers import Inject, Injected, injected, service
from framework.services.registry import Services
from framework.services.scope import Scope

__all__ = ["Inject", "Injected", "Scope", "Services", "injected", "service"]
