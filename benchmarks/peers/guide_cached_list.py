"""The guide's application with its cached list: its request id, its line of log and its CORS around it."""

from guide import app
from guide_cache import rows

app.get("/rows")(rows)
