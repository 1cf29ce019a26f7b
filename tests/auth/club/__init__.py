"""An app with people who have more than a user has."""
