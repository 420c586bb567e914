"""Shared by the scripts that call the sandbox through the official SDKs."""


def refused_by(kind, call):
    """Return the error of a call that has to be refused; ``kind`` is the SDK's exception."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("accepted")
