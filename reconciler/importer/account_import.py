"""Import a whole scope as YAML files whose plan is empty.

Existing files stay byte for byte as they are, unless ``update`` asks for the live values. Nothing is deleted. Memory
holds one family of kinds at a time, and the text of one file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config import update_file
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.config.update_file import Amendment
from reconciler.config.yaml_editor import REMOVED
from reconciler.importer import block_names, details, resource_blocks
from reconciler.importer.file_placement import FileOutput, FilePlacement, file_of
from reconciler.importer.resource_blocks import ImportedResource, Skipped
from reconciler.kinds.kind import Kind, ValidationContext
from reconciler.model import Address, Desired, Live, Pair, Problem, Run, Severity, error, warning
from reconciler.planning import match
from reconciler.planning.addresses import resolve_blocks
from reconciler.provider import reader, references, sub_resources
from reconciler.provider import scope as account_scope
from reconciler.provider.reader import Send


class ImportRequest(Struct, frozen=True):
    """Options of an import. ``out`` is the folder for new files, ``schema`` the path of their schema."""

    kinds: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    update: bool = False
    details: bool = False
    out: Path | None = None
    schema: Path | None = None

    def aims_at(self, address: Address) -> bool:
        return not self.targets or any(fnmatch(str(address), target) for target in self.targets)


class Importer:
    """One import; its result is complete once all files are consumed. ``ids`` are those of the ledger."""

    def __init__(
        self,
        project: Project,
        loaded: LoadResult,
        send: Send,
        ids: Mapping[Address, str],
        wish: ImportRequest,
        tell: Callable[[str], None],
        now: datetime,
        present: int = 0,
    ) -> None:
        self.project = project
        self.loaded = loaded
        self.send = send
        self.ids = ids
        self.wish = wish
        self.tell = tell
        self.now = now
        self.problems: list[Problem] = []
        self.left: list[Skipped] = []
        self.present = present
        self.found: dict[str, dict[Address, str]] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.zones: dict[tuple[str, str], str] = {}
        wish, documents = self.wish, self.loaded.documents
        self.places = FilePlacement(
            self.project, documents, self.names, self.tell, wish.out, wish.schema, self.problems
        )

    def files(self) -> Iterator[FileOutput]:
        """Yield the files to write, one at a time.

        Raise :class:`reconciler.provider.reader.ReadError` if a read fails.
        """
        kinds = [kind for kind in self.project.kinds.values() if self._is_chosen(kind)]
        spoken = {kind.product: self.project.dialect(kind.product) for kind in kinds}
        at, scope, send = self.project.at("scope"), self.project.scope, self.send
        self.problems += account_scope.check_scope(kinds, spoken, scope, at, send, {}, self.names, self.zones)
        if not kinds:
            self.problems.append(error("empty-scope", "the scope holds nothing of these kinds", at=at))
        if any(each.severity is Severity.ERROR for each in self.problems):
            return
        for family in dict.fromkeys(kind.family for kind in kinds):
            yield from self._family([kind for kind in kinds if kind.family == family])

    def _is_chosen(self, kind: Kind) -> bool:
        return (not self.wish.kinds or kind.name in self.wish.kinds) and bool(self.project.scope.get(kind.scope))

    def _family(self, kinds: Sequence[Kind]) -> Iterator[FileOutput]:
        """Yield the files of kinds that share files and are therefore read together."""
        new: list[ImportedResource] = []
        for kind in kinds:
            new += self._read(kind)
        fresh = self.places.put(new, kinds)
        yield from fresh
        yield from self.places.list_changed()

    # --- Reading live state ---------------------------------------------------------------------------------

    def _read(self, kind: Kind) -> list[ImportedResource]:
        """Return the resources of a kind to add to the files; record changes of the existing ones."""
        root, send, scope = self._root(kind), self.send, self.project.scope[kind.scope]
        self.tell(f"reading {kind.name}")
        reading = reader.read_list(kind, root, scope, send, attached=kind.attachments is not None)
        self.problems += reading.problems
        pairs = self._match_known(kind, reading.live)
        known = {found.id for _, found in pairs if found}
        self._name_members(kind)
        fresh = [each for each in reading.live if each.id not in known and not self._is_closed(kind, each)]
        return self._drop_refused(kind, self._describe_new(kind, fresh), pairs, reading.live)

    def _root(self, kind: Kind) -> str:
        return self.project.dialect(kind.family).root

    def _match_known(self, kind: Kind, all: Sequence[Live]) -> tuple[Pair, ...]:
        """Return the existing blocks with their live objects."""
        stated = self._blocks(kind)
        blocks, _ = resolve_blocks(kind, stated, self._find_id, {each.address for each in self.loaded.desired})
        pairs, doubts = match.match(kind, blocks, all, self.ids)
        self.found[kind.name] = {desired.address: live.id for desired, live in pairs if live is not None}
        self.problems += map(_soften, doubts)
        if self.wish.update:
            pairs = sub_resources.add_details(kind, self._root(kind), pairs, self.send)
            pairs = self._update_blocks(kind, pairs, blocks)
        for desired, found in pairs:
            if found:
                self.present += 1
                self.places.lives(kind, desired, found)
        return pairs

    def _find_id(self, address: Address) -> str | None:
        """Return the id of a block's object; its kind is read first if necessary."""
        kind = self.project.kinds.get(address.kind)
        if kind is not None and kind.name not in self.found and self.project.scope.get(kind.scope):
            scope = self.project.scope[kind.scope]
            live = reader.read_list(kind, self._root(kind), scope, self.send).live
            pairs, _ = match.match(kind, self._blocks(kind), live, self.ids)
            self.found[kind.name] = {desired.address: each.id for desired, each in pairs if each is not None}
        return self.found.get(address.kind, {}).get(address)

    def _blocks(self, kind: Kind) -> list[Desired]:
        return [each for each in self.loaded.desired if each.address.kind == kind.name]

    def _update_blocks(self, kind: Kind, pairs: Sequence[Pair], blocks: Sequence[Desired]) -> tuple[Pair, ...]:
        """Bring the blocks up to date, and return the pairs with what the files will state."""
        amendments = []
        for desired, found in pairs:
            if found and self.wish.aims_at(desired.address) and update_file.differs_from_block(kind, desired, found):
                moves = update_file.block_changes(kind, desired, found, self.places.value(file_of(desired)))
                amendments.append(Amendment(desired, moves))
        moved = {each.desired.address for each in amendments}
        self.places.amend(kind, amendments, [each for each in blocks if each.address not in moved])
        by_address = {each.desired.address: each for each in amendments}
        return tuple((_amend_block(by_address.get(desired.address), desired, found), found) for desired, found in pairs)

    def _name_members(self, kind: Kind) -> None:
        """Read the names of group members (sellers) if the API lists them; otherwise their ids are used."""
        member = block_names.layout_of(kind).group
        if member is None or any(name == member for name, _ in self.names):
            return
        try:
            names = references.names_of(kind, member, self._root(kind), self.project.scope[kind.scope], self.send)
        except reader.ReadError as unread:
            self.problems.append(warning("names-unread", unread.problem.message, hint="they are called by their ids"))
            return
        self.names.update({whose: name for whose, name in names.items() if name})

    # --- Choosing resources -------------------------------------------------------------------------------

    def _is_closed(self, kind: Kind, found: Live) -> bool:
        reason = resource_blocks.reason_closed(kind, found)
        if reason:
            self.left.append(Skipped(kind, found.id, resource_blocks.object_title(kind, found), reason, code="closed"))
        return reason is not None

    def _describe_new(self, kind: Kind, fresh: Sequence[Live]) -> Iterator[ImportedResource]:
        taken = [each.address.key for each in self._blocks(kind)]
        currency = self.project.stated_currency(kind.scope)
        keys = block_names.choose_keys(kind, fresh, taken, block_names.choose_labels(self.names))
        addresses = {each.id: Address(kind.name, keys[each.id]) for each in fresh}
        for each in self._with_details(kind, [each for each in fresh if self.wish.aims_at(addresses[each.id])]):
            address = addresses[each.id]
            fields, left = resource_blocks.describe_object(kind, each, currency, self.project.assumptions)
            self.left += left
            if resource_blocks.is_manageable(kind, fields):
                yield ImportedResource(address, each, fields)
            elif all(one.field for one in left):
                self.left.append(
                    Skipped(
                        kind,
                        each.id,
                        resource_blocks.object_title(kind, each),
                        resource_blocks.reason_unmanaged(kind, each),
                    )
                )

    def _with_details(self, kind: Kind, aimed: Sequence[Live]) -> Iterator[Live]:
        """Return the objects with their sub-resources, as far as these are read."""
        read = details.chosen_details(kind, len(aimed), all=self.wish.details)
        self.problems += details.note_unread(kind, len(aimed), read)
        today = self.now.date()
        return details.read_details(kind, self._root(kind), aimed, read, self.send, self.tell, today)

    def _drop_refused(
        self, kind: Kind, written: Iterable[ImportedResource], known: Sequence[Pair], all: Sequence[Live]
    ) -> list[ImportedResource]:
        """Return the resources without those that a rule across resources would refuse in the next plan."""
        kept = list(written)
        while wrong := self._find_refused(kind, [*known, *((each.desired, each.live) for each in kept)], all):
            rejected = [each for each in kept if each.address in wrong]
            if not rejected:
                break
            kept = [each for each in kept if each.address not in wrong]
            for each in rejected:
                self.left.append(
                    Skipped(kind, each.live.id, resource_blocks.object_title(kind, each.live), wrong[each.address])
                )
        return kept

    def _find_refused(self, kind: Kind, pairs: Sequence[Pair], all: Sequence[Live]) -> dict[Address, str]:
        now, assumptions = self.now, self.project.assumptions
        zones = {id: zone for (scope, id), zone in self.zones.items() if scope == kind.scope}
        scenes = (
            ValidationContext(pairs, now, all, online=True, assumptions=assumptions, zones=zones),
            ValidationContext([(desired, None) for desired, _ in pairs], now, assumptions=assumptions),
        )
        problems = (problem for scene in scenes for rule in kind.scene_rules for problem in rule(scene))
        return {each.address: each.message for each in problems if each.severity is Severity.ERROR and each.address}


class ImportResult(Struct, frozen=True):
    """Result of an import: files without their texts, skipped objects, problems.

    ``present`` counts the objects that the files already declared.
    """

    project: str
    files: tuple[FileOutput, ...] = ()
    left: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    present: int = 0

    @property
    def run(self) -> Run:
        """The problems as a run, for the exit code."""
        return Run("import", self.project, problems=self.problems)


def import_result(done: Importer, files: Iterable[FileOutput]) -> ImportResult:
    """Return the result of a finished import."""
    problems = tuple(dict.fromkeys(done.problems))
    return ImportResult(done.project.name, tuple(files), tuple(done.left), problems, done.present)


def _amend_block(amendment: Amendment | None, desired: Desired, found: Live | None) -> Desired:
    """Return a block as it is once its amendment is written."""
    if amendment is None or found is None:
        return desired
    moves = amendment.moves
    kept = {name: value for name, value in desired.values.items() if moves.get(name) is not REMOVED}
    stated = {name: found.values.get(name) for name, new in moves.items() if new is not REMOVED}
    return replace(desired, values={**kept, **stated})


def _soften(doubt: Problem) -> Problem:
    """Return a matching problem as a warning; the block stays as it is."""
    if doubt.code != "not-found":
        return warning(doubt.code, doubt.message, at=doubt.span, address=doubt.address, hint=doubt.hint)
    hint = "the block stays as it is; remove it if the object no longer exists"
    return warning("gone", doubt.message, at=doubt.span, address=doubt.address, hint=hint)
