"""An app that keeps a ledger: what its transactions did, in the order they did it."""
