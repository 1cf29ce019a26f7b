from framework import AppConfig, Project
from ledger.services import Ledger, Transaction, transaction


class LedgerConfig(AppConfig):
    """Keeps a ledger."""

    name = "ledger"

    def ready(self, project: Project) -> None:
        project.services.value(Ledger, Ledger())
        project.services.provide(Transaction, transaction)
