"""What a project can say about its probes."""

from typing import Annotated

from pydantic import Field

from framework import Section


class HealthSettings(Section):
    """How long probes may take."""

    timeout: Annotated[float, Field(gt=0)] = 2.0
    """Seconds that a thing has to answer in; all are asked at once."""
