"""Place imported resources: in the files of their siblings, or in new files; each file is yielded once, complete."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.config import project_files, update_file, value_formatter, yaml_document
from reconciler.config.project import Project
from reconciler.config.update_file import Amendment
from reconciler.config.yaml_document import Document
from reconciler.config.yaml_editor import Change, EditError, apply_edits_to_bytes
from reconciler.config.yaml_writer import NestedBlock
from reconciler.importer import block_names, resource_blocks
from reconciler.importer.block_names import FileGroup
from reconciler.importer.resource_blocks import ImportedResource
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Desired, Json, Live, Problem, error

ROOM = 4 * 2**20
"""Size in bytes above which a file takes no more resources."""


class FileOutput(Struct, frozen=True):
    """A file to write, with the resources that are added to it and those that changed."""

    path: Path
    text: bytes
    added: tuple[Address, ...] = ()
    moved: tuple[Address, ...] = ()
    new: bool = False


class FilePlacement:
    """The existing and new files of a project. ``out`` is the folder for new ones."""

    def __init__(
        self,
        project: Project,
        documents: Mapping[str, Document],
        names: Mapping[tuple[str, str], str],
        tell: Callable[[str], None],
        out: Path | None = None,
        schema: Path | None = None,
        problems: list[Problem] | None = None,
    ) -> None:
        self.project = project
        self.documents = documents
        self.names = names
        self.tell = tell
        self.out = out
        self.schema = schema
        self.problems: list[Problem] = [] if problems is None else problems
        self.homes: dict[FileGroup, Counter[str]] = defaultdict(Counter)
        self.values: dict[str, Json] = {}
        self.edits: dict[str, _PendingEdit] = defaultdict(_PendingEdit)

    def value(self, file: str) -> Json:
        """Return the parsed value of a file; it is parsed again, since texts are not kept in memory."""
        if file not in self.values:
            parsed, _ = yaml_document.parse(self.documents[file].text, file)
            self.values[file] = parsed.value if parsed else None
        return self.values[file]

    def lives(self, kind: Kind, desired: Desired, live: Live) -> None:
        """Record the file of a sibling."""
        self.homes[block_names.group_of(kind, live)][file_of(desired)] += 1

    # --- New resources ------------------------------------------------------------------------------------

    def put(self, new: Sequence[ImportedResource], kinds: Sequence[Kind]) -> Iterator[FileOutput]:
        """Add resources to existing files, and yield new files for the others."""
        named = {kind.name: kind for kind in kinds}
        groups: dict[FileGroup, list[ImportedResource]] = defaultdict(list)
        for each in new:
            groups[block_names.group_of(named[each.address.kind], each.live)].append(each)
        labels = block_names.choose_labels(self.names)
        for group, members in sorted(groups.items(), key=lambda pair: pair[0]):
            home = self._home(group)
            rest = [each for each in members if home is None or not self._joins(named[each.address.kind], each, home)]
            yield from self._new(group, rest, named, labels)

    def _home(self, group: FileGroup) -> str | None:
        homes = self.homes.get(group)
        found = homes.most_common(1)[0][0] if homes else None
        if found is None or len(self.documents[found].text) > ROOM:
            return None
        return found if self.out is None or self.out.resolve() in Path(found).resolve().parents else None

    def _joins(self, kind: Kind, each: ImportedResource, file: str) -> bool:
        """Add the resource to the file and return True, unless the file's defaults would change its values."""
        value = self.value(file)
        fields = resource_blocks.fields_beside_defaults(kind, each, _defaults(kind, value))
        if fields is not None:
            self.edits[file].add(each.address, resource_blocks.resource_block(kind, each.live.id, fields), value)
        return fields is not None

    def _new(
        self,
        group: FileGroup,
        members: Sequence[ImportedResource],
        kinds: Mapping[str, Kind],
        labels: block_names.Labels,
    ) -> Iterator[FileOutput]:
        order = {name: place for place, name in enumerate(kinds)}
        members = sorted(members, key=lambda each: (order[each.address.kind], each.address.key))
        number = 0
        for first in range(0, len(members), resource_blocks.MANY):
            path, number = self._free(group, number + 1, labels)
            if not project_files.includes(self.project, path):
                self._outside(path)
                return
            yield self._output(path, group, members[first : first + resource_blocks.MANY], kinds)

    def _output(
        self, path: Path, group: FileGroup, members: Sequence[ImportedResource], kinds: Mapping[str, Kind]
    ) -> FileOutput:
        self.tell(f"writing {path.name}")
        sections = {kind: [each for each in members if each.address.kind == name] for name, kind in kinds.items()}
        held = {kind: some for kind, some in sections.items() if some}
        text = resource_blocks.render_file(schema_comment(self.schema, path), group.heading(self.names), held)
        return FileOutput(path, text.encode(), added=tuple(each.address for each in members), new=True)

    def _free(self, group: FileGroup, number: int, labels: block_names.Labels) -> tuple[Path, int]:
        folder = self.out or self.project.folder
        while (path := folder / group.file(labels, number)).exists():
            number += 1
        return path, number

    def _outside(self, path: Path) -> None:
        message = f"{path} would not be part of the project: `include` leaves it out"
        hint = "add its folder to include, or name another one with --out"
        self.problems.append(error("not-included", message, at=self.project.at("include"), hint=hint))

    # --- Existing resources -----------------------------------------------------------------------------------

    def amend(self, kind: Kind, amendments: Sequence[Amendment], others: Sequence[Desired]) -> None:
        """Record the changed blocks of a kind; ``others`` are its unchanged blocks."""
        moved: dict[str, list[Amendment]] = defaultdict(list)
        for each in amendments:
            moved[file_of(each.desired)].append(each)
        still: dict[str, list[Desired]] = defaultdict(list)
        for block in others:
            still[file_of(block)].append(block)
        for file, here in moved.items():
            self.edits[file].changes += update_file.file_edits(kind, self.value(file), here, still[file])
            self.edits[file].moved += [each.desired.address for each in here]

    def list_changed(self) -> Iterator[FileOutput]:
        """Yield the existing files that change."""
        edits, self.edits = self.edits, defaultdict(_PendingEdit)
        self.values.clear()
        for file, edit in edits.items():
            raw = self.documents[file].text
            try:
                text = apply_edits_to_bytes(raw, file, [*edit.changes, *edit.sections()])
            except EditError as trouble:
                hint = "write the values by hand; `plan` shows them"
                self.problems.append(error("not-edited", str(trouble), hint=hint))
                continue
            yield FileOutput(Path(file), text, tuple(edit.added), tuple(edit.moved))


class _PendingEdit:
    """Pending edits of one existing file."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.added: list[Address] = []
        self.moved: list[Address] = []
        self.new: dict[str, NestedBlock] = {}

    def add(self, address: Address, block: NestedBlock, value: Json) -> None:
        self.added.append(address)
        if isinstance(value, dict) and value.get(address.kind):
            self.changes.append(((address.kind, address.key), block))
        else:
            self.new.setdefault(address.kind, NestedBlock())[address.key] = block

    def sections(self) -> Iterator[Change]:
        """Yield the sections that the file does not have yet."""
        for kind, blocks in self.new.items():
            yield (kind,), blocks


def file_of(desired: Desired) -> str:
    """Return the file of a block."""
    assert isinstance(desired.place.source, Document)
    return desired.place.source.file


def schema_comment(schema: Path | None, path: Path) -> str:
    """Return the path of the schema as seen from the file."""
    if schema is None:
        return "resources.schema.json"
    target, here = schema.resolve(), path.resolve()
    common = next(folder for folder in here.parents if folder in target.parents)
    up = len(here.parent.relative_to(common).parts)
    return "../" * up + target.relative_to(common).as_posix()


def _defaults(kind: Kind, value: Json) -> Mapping[str, Json]:
    """Return a file's defaults for the kind, as dotted fields in the current form."""
    shared = value.get("defaults") if isinstance(value, dict) else None
    own = shared.get(kind.name) if isinstance(shared, dict) else None
    return value_formatter.flatten_block(kind, own) if isinstance(own, dict) else {}
