"""Tables in, sheets and Word files out.

What it owns: `tables` (any school's spreadsheet or text table becomes rows of text with numbered problems), `columns`
(which header is which field), `problems` (the downloadable error sheet), `sheets` (.xlsx and .csv out), `words` (.docx
out). Words: a *row problem* concerns one row or cell and never stops the file; a `FileError` concerns the file as a
whole. May import only `core.errors` and `core.clock`; it never touches the database.
"""
