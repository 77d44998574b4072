"""A look through an .ods before it is opened: its extent once repeated cells are written out, and its error cells."""

from __future__ import annotations

import zipfile
from xml.parsers import expat

from shouwang.core.files.errors import refuse
from shouwang.core.files.xlsx import ERROR, MAX_CELLS, SheetScan, Unpacker


class _Content:
    """Follows content.xml. Repeats of empty cells and rows count only when something comes after them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sheets: list[SheetScan] = []
        self.row = self.rows_repeated = self.column = self.width = 0
        self.cell: dict[str, str] | None = None
        self.filled = False
        self.text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self.sheets.append(SheetScan())
            self.row = 0
        elif tag == "table:table-row":
            self.rows_repeated = _count(attributes.get("table:number-rows-repeated"))
            self.column = self.width = 0
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self.cell, self.text = attributes, []
            self.filled = any(key.endswith(("value-type", "formula")) for key in attributes)
        elif tag == "text:p" and self.cell is not None:
            self.filled = True

    def words(self, text: str) -> None:
        if self.cell is not None and len(self.text) < 20:
            self.text.append(text)

    def end(self, tag: str) -> None:
        if not self.sheets:
            return
        sheet = self.sheets[-1]
        if tag in ("table:table-cell", "table:covered-table-cell") and self.cell is not None:
            repeated = _count(self.cell.get("table:number-columns-repeated"))
            if self.filled:
                if self.cell.get("calcext:value-type") == "error":
                    flaw = (self.column, ERROR, "".join(self.text)[:40])
                    sheet.flaws.setdefault(self.row, []).append(flaw)
                self.width = self.column + repeated
            self.column += repeated
            self.cell = None
        elif tag == "table:table-row":
            if self.width:
                sheet.columns = max(sheet.columns, self.width)
                sheet.rows = self.row + self.rows_repeated
            self.row += self.rows_repeated
            if sheet.rows * sheet.columns > MAX_CELLS:
                raise refuse("file_too_large", self.name, what=f"{sheet.rows} × {sheet.columns}")


def _count(text: str | None) -> int:
    return min(max(int(text), 1), 1 << 40) if text and text.isdecimal() else 1


def scan_content(unpacker: Unpacker, info: zipfile.ZipInfo) -> list[SheetScan]:
    """One scan a sheet, in order. Raises `FileError` file_damaged, file_too_large."""
    content = _Content(unpacker.name)
    parser = expat.ParserCreate()
    parser.StartElementHandler = content.start
    parser.EndElementHandler = content.end
    parser.CharacterDataHandler = content.words
    try:
        for chunk in unpacker.chunks(info):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise refuse("file_damaged", unpacker.name) from error
    return content.sheets
