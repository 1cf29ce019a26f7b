"""Programs that tests start."""

QUIET = (
    *("-p", "no:cacheprovider"),
    # Plugins that are here for our own tests; loading them takes longer than all the tests of a new project.
    *("-p", "no:valkey", "-p", "no:hypothesispytest", "-p", "no:schemathesis", "-p", "no:pytest_cov"),
)
"""What a pytest of a test's own is called with."""
