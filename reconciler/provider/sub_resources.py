"""Read the sub-resources of live objects, one by one, for the blocks whose files state them."""

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import Subobject
from reconciler.model import Desired, Live, Pair, error
from reconciler.provider import codec
from reconciler.provider.lists import Send, read_call, send_read
from reconciler.provider.paging import check_one_page, read_rows
from reconciler.provider.reader import ReadError, read_object


def add_details(kind: Kind, root: str, pairs: Iterable[Pair], send: Send) -> tuple[Pair, ...]:
    """Return the pairs with the sub-resources that their files state, read one by one."""
    return tuple((desired, live and _add_detail(kind, root, desired, live, send)) for desired, live in pairs)


def _add_detail(kind: Kind, root: str, desired: Desired, live: Live, send: Send) -> Live:
    for detail in kind.details if desired.values.keys() - kind.plain else ():
        if isinstance(detail, Subobject):
            live = _with_subobject(kind, root, desired, live, detail, send)
            continue
        prefix = detail.field.removesuffix("*")
        if any(name.startswith(prefix) for name in desired.values):
            answer = send_read(read_call(kind, "GET", detail.path.format(root=root, id=live.id)), send)
            check_one_page(answer, detail.path.format(root=root, id=live.id))
            stated = codec.decode_details(detail.field, detail.attribute, read_rows(answer))
            live = replace(live, values={**live.values, **stated})
    return live


def _with_subobject(kind: Kind, root: str, desired: Desired, live: Live, part: Subobject, send: Send) -> Live:
    """Return the object with the maps of one of its sub-resources, if the files state one of them."""
    if not any(name.startswith(each.prefix) for each in part.maps for name in desired.values):
        return live
    path = part.path.format(root=root, id=live.id)
    body = read_object(kind, path, send)
    data = body.get("data") if isinstance(body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(attributes, dict):
        raise ReadError(error("read-failed", f"the API answered {path} without the object that was asked for"))
    try:
        stated = {name: value for each in part.maps for name, value in each.values(attributes).items()}
    except ValueError as unread:
        raise ReadError(error("read-failed", f"{path} cannot be read: {unread}")) from None
    return replace(live, values={**live.values, **stated})
