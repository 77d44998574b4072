"""What comes into this room from other systems: case files of SORMAS and Go.Data, checked before anything is written.

Words: *outside case*, a case as another system knows it; it is linked to one of ours, waits for somebody who says whose
it is, or is set aside. What the columns and codes of those systems mean stands in `outside.toml`.
"""
