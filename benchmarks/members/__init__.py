"""The project of benchmarks/auth.py: what a new project has, and users."""
