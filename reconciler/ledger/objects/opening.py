"""Open the ledger of a project in a bucket: its address, its store, and the conditions that the store must honour."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from reconciler.ledger import codec, namespace
from reconciler.ledger.errors import LedgerError, Newer, Unconditional
from reconciler.ledger.objects.bucket import Bucket, StoreBucket
from reconciler.ledger.objects.fold import fold
from reconciler.ledger.objects.lease import HONOUR, IGNORES_CREATE, IGNORES_MATCH, LEASE, Leases
from reconciler.ledger.objects.ledger import ObjectLedger
from reconciler.ledger.objects.log import Log
from reconciler.ledger.objects.store import ObjectStore
from reconciler.ledger.sql_ledger import SqlLedger
from reconciler.ledger.sqlite import open_empty
from reconciler.ledger.tables import FORMAT

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config
    from obstore.store import ObjectStore as Store

SCHEMES = ("s3", "gs", "az")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
INSECURE = "AWS_ALLOW_HTTP"
TIMEOUTS = {"timeout": "15s", "connect_timeout": "5s"}
WRITE = "write s3://BUCKET/PREFIX"
NO_SECRETS = "give credentials by the environment or a role, never in the address, which is a file in git"
SHORTEST = 1.0
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


class StoreAddress(Struct, frozen=True):
    """Address of a ledger, ``s3://BUCKET/PREFIX?region=…&lease=60s``."""

    scheme: str
    bucket: str
    prefix: str = ""
    region: str = ""
    lease: float = LEASE

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}"


def address(url: str) -> StoreAddress:
    """Return an address. Raise ``LedgerError`` without repeating it if it may hold a secret."""
    scheme = url.partition(":")[0]
    try:
        given = urlsplit(url)
        options = dict(parse_qsl(given.query, strict_parsing=True)) if given.query else {}
    except ValueError:
        raise LedgerError(f"{scheme}://…", "the address cannot be read", WRITE) from None
    if "@" in given.netloc:
        raise LedgerError(f"{scheme}://…", "its address holds credentials", NO_SECRETS)
    unknown = sorted(options.keys() - {"region", "lease"})
    if unknown or given.fragment:
        raise LedgerError(f"{scheme}://…", f"its address has an unknown option {(*unknown, '#')[0]}", KNOWN)
    prefix = given.path.strip("/")
    if not BUCKET.match(given.netloc) or "//" in prefix or ".." in prefix.split("/"):
        raise LedgerError(f"{scheme}://…", "its address names no bucket and prefix", WRITE)
    return StoreAddress(scheme, given.netloc, prefix, options.get("region", ""), _seconds(scheme, options.get("lease")))


KNOWN = "it knows region (eu-west-1) and lease (30s); an endpoint is given by AWS_ENDPOINT_URL"


def _seconds(scheme: str, given: str | None) -> float:
    if given is None:
        return LEASE
    found = re.fullmatch(r"(\d{1,4})s", given)
    if not found or float(found[1]) < SHORTEST:
        raise LedgerError(f"{scheme}://…", "its lease is not a number of seconds", "write lease=30s, or more")
    return float(found[1])


# --- Store --------------------------------------------------------------------------------------------


def connect(at: StoreAddress, name: str) -> StoreBucket:
    """Return the objects of a project's ledger."""
    try:
        import obstore  # noqa: F401 — imported where a message can be given
    except ImportError:
        hint = "pip install obstore"
        raise LedgerError(str(at), "obstore is missing", hint) from None
    below = "/".join(each for each in (at.prefix, name) if each)
    return StoreBucket(_store(at, below), f"{at.scheme}://{at.bucket}/{below}")


def _store(at: StoreAddress, prefix: str) -> "Store":
    from datetime import timedelta

    from obstore.store import AzureStore, GCSStore, S3Store

    # an attempt is never repeated within the library, so that every repetition is bounded here
    options: dict[str, Any] = {"retry_config": {"max_retries": 0, "retry_timeout": timedelta(seconds=15)}}
    match at.scheme:
        case "s3":
            endpoint = _endpoint(os.environ)
            config: S3Config = {}
            if at.region:
                config["region"] = at.region
            if endpoint:
                config["endpoint"] = endpoint
            http = endpoint.startswith("http://")
            client: ClientConfig = {**TIMEOUTS, **({"allow_http": True} if http else {})}  # type: ignore[typeddict-item]
            return S3Store(at.bucket, prefix=prefix, client_options=client, config=config, **options)
        case "gs":
            return GCSStore(at.bucket, prefix=prefix, client_options=TIMEOUTS, **options)  # type: ignore[arg-type]
        case _:
            return AzureStore(at.bucket, prefix=prefix, client_options=TIMEOUTS, **options)  # type: ignore[arg-type]


def _endpoint(environment: Mapping[str, str]) -> str:
    """Return the endpoint of another S3 server.

    Raise ``LedgerError`` for http, unless the server is this machine, or http is allowed.
    """
    endpoint = next((environment[each] for each in ENDPOINTS if environment.get(each)), "")
    given = urlsplit(endpoint)
    if given.scheme == "http" and given.hostname not in LOOPBACK and environment.get(INSECURE) != "true":
        what = f"the endpoint {given.scheme}://{given.hostname} is not encrypted"
        raise LedgerError("s3://…", what, f"use https, or set {INSECURE}=true")
    return endpoint.rstrip("/")


def check_conditions(bucket: Bucket, name: str) -> None:
    """Raise ``Unconditional`` if the store ignores a condition: create twice, replace with a stale tag."""
    key = f"conditions/{name}"
    first = bucket.create(key, b"first")
    try:
        if first is None:
            raise Unconditional(bucket.where, "the store refuses to create an object that does not exist", HONOUR)
        if bucket.create(key, b"again") is not None:
            raise Unconditional(bucket.where, IGNORES_CREATE, HONOUR)
        if bucket.replace(key, b"second", first) is None:
            raise Unconditional(bucket.where, "the store refuses to replace an object under its own tag", HONOUR)
        if bucket.replace(key, b"third", first) is not None:
            raise Unconditional(bucket.where, IGNORES_MATCH, HONOUR)
    finally:
        bucket.delete([key])


# --- Opening ------------------------------------------------------------------------------------------


def open_objects(url: str, name: str, *, scopes: Sequence[str] = (), create: bool) -> SqlLedger:
    """Open the ledger of a project in a bucket. Read-only, nothing is written, and no head is an empty ledger."""
    at = address(url)
    bucket = connect(at, name)
    return open_over(bucket, Leases(bucket, at.lease), scopes=scopes, create=create)


def open_over(bucket: Bucket, leases: Leases, *, scopes: Sequence[str] = (), create: bool) -> SqlLedger:
    """Open the ledger in some objects."""
    store = ObjectStore(bucket, leases, fold=fold, writable=create)
    try:
        log = store.log
        log.refresh()
        if log.head is None and not create:
            store.close()
            return SqlLedger(open_empty(bucket.where))
        if log.head is None:
            _make(log)
        store.load()
        _judge(store)
        ledger = ObjectLedger(store)
        store.retry(lambda: _belong(store, scopes, create=create))
        store.fold_if_long(8)
    except BaseException:
        store.close()
        raise
    return ledger


def _make(log: Log) -> None:
    check_conditions(log.bucket, log.name())
    log.make()


def _judge(store: ObjectStore) -> None:
    """Raise if the tables have another format than those of this version."""
    found = store.log.head.header.format if store.log.head is not None else FORMAT
    if found > FORMAT:
        raise Newer(store.where, f"it has format {found}, and this version knows {FORMAT}")
    if found < FORMAT:
        raise LedgerError(store.where, f"it has the old format {found}", "begin a new one under another prefix")


def _belong(store: ObjectStore, scopes: Sequence[str], *, create: bool) -> None:
    """Raise ``Foreign`` if other scopes wrote here and none of these did; with ``create``, record these."""
    new = namespace.find_newcomers(store, scopes)
    if new and create:
        with store.transaction():
            rows = [(codec.of_name(scope),) for scope in new]
            store.executemany("INSERT INTO holders (scope, holder, generation) VALUES (?, '', 0)", rows)
