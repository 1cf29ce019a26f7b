"""What tests of a project use: a pytest plugin, real servers, contract suites."""

__all__: list[str] = []
