"""Disease packs shipped with the program: protocol documents as data (`core.packs`)."""
