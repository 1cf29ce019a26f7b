"""Several migrations become one, and many operations few."""
