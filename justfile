# Check and test everything, as CI does.
default: check test

# Format and mend what can be mended.
fix:
    uv run ruff check --fix .
    uv run ruff format .

# Lint, types and floors.
check:
    uv run ruff check .
    uv run ruff format --check .
    uv run pyright
    uv run lint-imports

# Run the tests; arguments go to pytest.
test *args:
    uv run pytest {{args}}

# Only the tests of the house: floors, front doors, documentation.
house:
    uv run pytest tests/house

# Write the pages of the documentation that are made from the code.
pages:
    uv run python -m tests.house.pages

# Print the benchmarks as ratios against bare FastAPI.
bench *args:
    uv run benchmarks/run.py {{args}}

# Build the wheel and the sdist.
build:
    uv build
