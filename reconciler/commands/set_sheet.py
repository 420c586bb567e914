"""Turn changed cells of a spreadsheet into edits of the files; nothing is written if any cell is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from reconciler.commands import sheets
from reconciler.commands.export import ADDRESS, ID, LIVE
from reconciler.commands.set_ import SetResult, change_of, edit_files
from reconciler.config.conditions import has_field
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.config.schema_errors import closest_word
from reconciler.config.sheet_cells import Cell, parse_cell, spell_cell, unescape
from reconciler.engine.validate import validate
from reconciler.kinds.kind import Field
from reconciler.kinds.value_types import InvalidValue
from reconciler.model import Change, Desired, FieldChange, Problem, Run, Span, Value, error


def plan_edits(loaded: LoadResult, file: Path, now: datetime) -> SetResult:
    """Return the validated changes of the files for the changed cells of a spreadsheet."""
    before = validate(loaded, now)
    if loaded.project is None or before.failed:
        return SetResult(replace(before, command="set"))
    run = Run("set", loaded.project.name)
    try:
        rows = sheets.read(file)
    except sheets.SheetError as why:
        return SetResult(replace(run, problems=(error("bad-sheet", str(why)),)))
    sheet = _Sheet(loaded, loaded.project, str(file))
    changes = tuple(sheet.changes(rows))
    costly = {each.address: any(_costs(loaded.project, each, move) for move in each.fields) for each in changes}
    ordered = tuple(sorted(changes, key=lambda each: not costly[each.address]))
    return edit_files(loaded, replace(run, changes=ordered, problems=tuple(sheet.problems)), now)


def _costs(project: Project, change: Change, move: FieldChange) -> bool:
    return project.kinds[change.address.kind].affects_cost(move.field)


class _Sheet:
    """Reader of one spreadsheet that collects the problems of all cells."""

    def __init__(self, loaded: LoadResult, project: Project, file: str) -> None:
        self.project = project
        self.file = file
        self.blocks: Mapping[str, Desired] = {str(each.address): each for each in loaded.desired}
        self.problems: list[Problem] = []

    def changes(self, rows: Sequence[Sequence[Cell]]) -> Iterator[Change]:
        """Yield a change for each row with a changed cell."""
        heads = [cell.text.strip() for cell in rows[0]] if rows else []
        if ADDRESS not in heads:
            self._add_problem(1, 1, "bad-sheet", f"there is no column {ADDRESS!r}", "begin with `reconciler export`")
            return
        self._check_heads(heads)
        if self.problems:
            return
        met: dict[str, int] = {}
        for number, row in enumerate(rows[1:], 2):
            cells = {head: (place, cell) for place, (head, cell) in enumerate(zip(heads, row, strict=False), 1)}
            if not any(cell.text or cell.other for cell in row):
                continue
            place, cell = cells[ADDRESS]
            block = self.blocks.get(unescape(cell.text))
            if block is None:
                hint = closest_word(cell.text, list(self.blocks)) or "new resources are written in the files"
                self._add_problem(number, place, "bad-cell", f"no resource has the address {cell.text!r}", hint)
            elif met.setdefault(cell.text, number) != number:
                self._add_problem(
                    number, place, "bad-cell", f"{cell.text} stands in row {met[cell.text]} too", "keep one row"
                )
            else:
                yield from self._row(number, block, cells)

    def _check_heads(self, heads: Sequence[str]) -> None:
        kinds = {each.address.kind for each in self.blocks.values()}
        known = sorted({row.name for kind in kinds for row in self.project.kinds[kind].fields if row.writable})
        for place, head in enumerate(heads, 1):
            own = not head or head in (ADDRESS, ID) or head.startswith(LIVE)
            if heads.index(head) + 1 != place and head:
                self._add_problem(1, place, "bad-cell", f"the column {head!r} stands twice", "keep one of the two")
            elif not own and not any(has_field(self.project.kinds[kind], head) for kind in kinds):
                self._add_problem(1, place, "bad-cell", f"there is no field {head!r}", closest_word(head, known))

    def _row(self, number: int, block: Desired, cells: Mapping[str, tuple[int, Cell]]) -> Iterator[Change]:
        kind, moves = self.project.kinds[block.address.kind], list[FieldChange]()
        for head, (place, cell) in cells.items():
            if head == ID and cell.text != (block.id or ""):
                hint = "an id is changed in the file itself; format the column as text"
                self._add_problem(
                    number, place, "bad-cell", f"the id is {block.id or 'not stated'}, not {cell.text!r}", hint
                )
            if not head or head in (ADDRESS, ID) or head.startswith(LIVE):
                continue
            try:
                move = self._move(head, cell, block)
            except InvalidValue as why:
                self._add_problem(number, place, "bad-cell", f"{head}: {why.reason}", why.hint)
                continue
            if move is not None:
                moves.append(move)
        if moves:
            yield change_of(kind, block, moves)

    def _move(self, name: str, cell: Cell, block: Desired) -> FieldChange | None:
        """Return the change of a field, or None if the cell equals the file. Raise :class:`InvalidValue` if invalid."""
        kind, stated = self.project.kinds[block.address.kind], name in block.values
        if not cell.text and cell.other is None:
            if stated:
                hint = "write null, if the field may be null; to stop managing it, edit the file"
                raise InvalidValue("bad-cell", "an empty cell removes no value", hint)
            return None
        if not has_field(kind, name):
            raise InvalidValue("bad-cell", f"{kind.name} have no such field", "leave the cell empty")
        row, before = kind.field(name), block.values.get(name)
        if stated and cell.other is None and unescape(cell.text) == _spelled_or_none(row, before):
            return None
        after = parse_cell(row, cell, before)
        return None if stated and after == before else FieldChange(name, row.facet, before, after, block.at(name))

    def _add_problem(self, row: int, column: int, code: str, message: str, hint: str | None) -> None:
        at = Span(self.file, row, column)
        self.problems.append(error(code, f"cell {_letters(column)}{row}: {message}", at=at, hint=hint))


def _spelled_or_none(row: Field, value: Value) -> str | None:
    try:
        return spell_cell(row, value)
    except InvalidValue:
        return None


def _letters(column: int) -> str:
    """Return a column as spreadsheets call it: A, B, …, Z, AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
