"""An app whose routes want to know who calls."""
