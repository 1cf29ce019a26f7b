"""The history of every app: its revision files, read by their headers alone, and what comes before what."""
