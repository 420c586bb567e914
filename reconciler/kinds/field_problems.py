"""Problems of one field of a resource, at its line."""

from reconciler.model import Desired, Problem, error, warning


def field_error(desired: Desired, name: str, code: str, message: str, hint: str | None = None) -> Problem:
    """Return an error at the field, or at the resource if the field is not stated."""
    return error(code, message, at=desired.at(name), address=desired.address, hint=hint)


def field_warning(desired: Desired, name: str, code: str, message: str, hint: str | None = None) -> Problem:
    """Return a warning at the field, or at the resource if the field is not stated."""
    return warning(code, message, at=desired.at(name), address=desired.address, hint=hint)
