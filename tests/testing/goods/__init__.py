"""An app with a column of every type, and keys that point far."""
