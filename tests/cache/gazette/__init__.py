"""An app of the tests: authors and their posts."""
