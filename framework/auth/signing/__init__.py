"""Signing: keys, and the access tokens that they sign. Knows neither the web nor the database."""
