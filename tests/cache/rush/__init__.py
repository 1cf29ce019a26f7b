"""An app with one route, which everybody asks for at once."""
