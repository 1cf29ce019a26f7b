"""Where probes ask. Outside the API's prefix, and at any host name: probes know a server by its address."""

from fastapi import APIRouter, Response

from framework.health.schemas import Alive, Report
from framework.health.services import Health
from framework.web import Inject, Public

mount = "/"
access = Public
router = APIRouter(prefix="/health", tags=["health"], include_in_schema=False)


@router.get("/live")
async def live() -> Alive:
    """Answer while the process does. Asks nothing else: a broken database is no reason to be restarted."""
    return Alive()


@router.get("/ready", response_model_exclude_none=True)
async def ready(response: Response, health: Inject[Health]) -> Report:
    """Answer 200 when what the project cannot do without is well, else 503.

    Also when it is degraded: all processes are then, and a balancer that took them out would leave nobody to answer.
    """
    report = await health.report()
    if report.status in ("error", "stopping"):
        response.status_code = 503
    response.headers["cache-control"] = "no-store"
    return report
