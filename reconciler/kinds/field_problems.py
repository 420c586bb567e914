"""What a rule says of one field of a resource: no, or beware; at its line."""

from reconciler.model import Desired, Problem, error, warning


def field_error(desired: Desired, name: str, code: str, message: str, hint: str | None = None) -> Problem:
    """An error at the field, which need not be stated: then at the resource."""
    return error(code, message, at=desired.at(name), address=desired.address, hint=hint)


def field_warning(desired: Desired, name: str, code: str, message: str, hint: str | None = None) -> Problem:
    """The same as a warning."""
    return warning(code, message, at=desired.at(name), address=desired.address, hint=hint)
