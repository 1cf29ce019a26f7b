#!/usr/bin/env python
"""The project's command line: `python manage.py --help`."""

from framework.management import main

if __name__ == "__main__":
    main(settings="config.settings:ProjectSettings")
