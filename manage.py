#!/usr/bin/env python
"""The command line of the template project, run in place: `python manage.py runserver`."""

import sys
from pathlib import Path

from framework.management import main

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent / "project_template" / "project"))
    main(settings="config.settings:ProjectSettings")
