"""Objects of one ledger: read, create if absent, replace if unchanged, with bounded retries of what is safe."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec import Struct

from reconciler.ledger.errors import LedgerError, LockLost, Unwritable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PATIENCE = 20.0
"""Seconds in which a request is repeated while the store does not answer it."""
AT_ONCE = 16
"""Objects read at once."""
PAUSES = (0.05, 2.0)
"""Shortest and longest pause in seconds between two attempts."""
FINAL = re.compile(r"status code: (4(?!08|09|12|25|29)\d\d)")
"""An answer that repeating does not change."""
CREDENTIALS = "give credentials by the environment or a role (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://)"
RIGHTS = "see that the role may read, write, delete and list objects below the prefix"
Answer = TypeVar("Answer")


class Tag(Struct, frozen=True):
    """Identity of one state of an object."""

    e_tag: str | None
    version: str | None = None


class Found(Struct, frozen=True):
    """Content of an object, and its tag."""

    data: bytes
    tag: Tag


class Bucket(Protocol):
    """Objects below one prefix. Every method may raise ``LedgerError``."""

    @property
    def where(self) -> str: ...

    def get(self, key: str, patience: float = PATIENCE) -> Found | None:
        """Return an object, or None if there is none."""
        ...

    def get_all(self, keys: Iterable[str]) -> Mapping[str, Found]:
        """Return those objects that exist."""
        ...

    def create(self, key: str, data: bytes, patience: float = PATIENCE) -> Tag | None:
        """Create an object; return None if it exists, perhaps by an attempt whose answer was lost."""
        ...

    def replace(self, key: str, data: bytes, tag: Tag, patience: float = PATIENCE) -> Tag | None:
        """Replace an object in the state of the tag; return None if it has another, perhaps by a lost attempt."""
        ...

    def delete(self, keys: Sequence[str]) -> None: ...

    def names(self) -> Mapping[str, datetime]:
        """Return all objects, with the instant of their last change by the store's clock."""
        ...


class Unanswered(Exception):
    """The store gave no usable answer; the request may be repeated."""


class StoreBucket:
    """Implementation of ``Bucket`` over a store of ``obstore``."""

    def __init__(self, store: "ObjectStore", where: str) -> None:
        self._store = store
        self.where = where

    def get(self, key: str, patience: float = PATIENCE) -> Found | None:
        import obstore

        def read() -> Found:
            result = obstore.get(self._store, key)
            return Found(bytes(result.bytes()), Tag(result.meta["e_tag"], result.meta.get("version")))

        return self._ask(read, patience)

    def get_all(self, keys: Iterable[str]) -> Mapping[str, Found]:
        wanted = tuple(dict.fromkeys(keys))
        if len(wanted) == 1:
            found = [self.get(wanted[0])]
        else:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                found = list(pool.map(self.get, wanted))
        return {key: each for key, each in zip(wanted, found, strict=True) if each is not None}

    def create(self, key: str, data: bytes, patience: float = PATIENCE) -> Tag | None:
        return self._put(key, data, "create", patience)

    def replace(self, key: str, data: bytes, tag: Tag, patience: float = PATIENCE) -> Tag | None:
        state = {"e_tag": tag.e_tag, "version": tag.version}
        return self._put(key, data, {name: each for name, each in state.items() if each is not None}, patience)

    def delete(self, keys: Sequence[str]) -> None:
        import obstore

        for at in range(0, len(keys), 900):  # S3 takes at most 1,000 in one request
            self._ask(partial(obstore.delete, self._store, list(keys[at : at + 900])), PATIENCE)

    def names(self) -> Mapping[str, datetime]:
        import obstore

        found = self._ask(lambda: obstore.list(self._store, chunk_size=1000).collect(), PATIENCE) or ()
        return {each["path"]: each["last_modified"] for each in found}

    def _put(self, key: str, data: bytes, mode: Any, patience: float) -> Tag | None:
        import obstore
        from obstore import exceptions

        def write() -> Tag | None:
            try:
                result = obstore.put(self._store, key, data, mode=mode, use_multipart=False)
            except (exceptions.AlreadyExistsError, exceptions.PreconditionError, FileExistsError) as refused:
                if "status code: 409" in str(refused) and "AlreadyExists" not in reason(refused):
                    raise Unanswered(reason(refused)) from None  # S3 was busy with another write: ask again
                return None
            return Tag(result["e_tag"], result.get("version"))

        return self._ask(write, patience)

    def _ask(self, act: Callable[[], Answer], patience: float) -> Answer | None:
        """Return the answer, or None if there is no such object. Repeat what gets no answer until patience ends."""
        until, pause = time.monotonic() + patience, PAUSES[0]
        while True:
            try:
                return self._try_once(act)
            except Unanswered as trouble:
                if time.monotonic() + pause >= until:
                    raise Unwritable(self.where, f"the store does not answer: {trouble}", UNANSWERED) from None
            time.sleep(pause)
            pause = min(2 * pause, PAUSES[1])

    def _try_once(self, act: Callable[[], Answer]) -> Answer | None:
        from obstore import exceptions

        try:
            return act()
        except FileNotFoundError as missing:
            if "NoSuchBucket" in str(missing) or "ContainerNotFound" in str(missing):
                raise LedgerError(self.where, "there is no such bucket", "create it, or correct the name") from None
            return None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError) as denied:
            raise Unwritable(self.where, f"the store denies access: {reason(denied)}", RIGHTS) from None
        except (exceptions.BaseError, OSError) as trouble:
            said = str(trouble)
            if "169.254.169.254" in said or "metadata.google" in said:  # where credentials are asked for last
                raise LedgerError(self.where, "there are no credentials for the store", CREDENTIALS) from None
            if FINAL.search(said) or isinstance(trouble, exceptions.NotSupportedError):
                raise LedgerError(self.where, f"the store refuses: {reason(trouble)}", RIGHTS) from None
            raise Unanswered(reason(trouble)) from None


UNANSWERED = "see that the store can be reached (AWS_ENDPOINT_URL, AWS_REGION), and run again"


def reason(trouble: Exception) -> str:
    """Return status and code of an error; its text may repeat what was signed."""
    said = str(trouble)
    status, code = re.search(r"status code: (\d+)", said), re.search(r"<Code>(\w+)</Code>", said)
    named = " ".join(each.group(1) for each in (status, code) if each)
    without = re.sub(r"https?://\S+", "", said).lower()  # a bucket's name may hold one of the words
    for word, meaning in MEANINGS.items():
        if not named and word in without:
            return meaning
    return named or "no usable answer"


MEANINGS = {
    "timedout": "it took too long",
    "timed out": "it took too long",
    "dns": "its name is not known",
    "connect": "no connection",
}


def report_missing(where: str, what: str) -> LockLost:
    """Return the error for an object that is missing while a run uses it."""
    return LockLost(where, what, "run again: open intents are then settled first")
