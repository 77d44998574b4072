"""Presence 在场记录: from raw files to day segments.

`reading` and `sensors` turn a file into columns, `times` reads its moments, `resolving` finds its people and places,
`batches` keeps the raw records, `building` makes a day's segment of everything known about that day, `quality` remarks
what is odd in it, `store` opens segments for the kernel. Nothing here is called by other rooms: they use
`tracing.actions` and `tracing.queries`.
"""

from __future__ import annotations
