"""The `shouwang` command: the third mouth of the same actions and queries.

May import: everything.
"""
