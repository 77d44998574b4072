"""What leaves this room: the line list of cases, on the page and as a file.

Words: *line*, one case as one row of plain values; *moment*, which of its dates a line list is narrowed by. The page,
the file, the API and the command line read the same lines by the same queries.
"""
