"""An app with one list, cached."""
