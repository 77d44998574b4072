"""Tracing: who was where, with whom, and what follows from it.

Owns: presence (raw batches, day segments), timetables, contacts with their evidence and grade.
Words: presence 在场记录, contact 接触者 (close 密接, general 一般接触), evidence 依据.
May import: cases, checkins, org, core; and `epi` for the kernel.
"""
