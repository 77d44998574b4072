"""Mending: weak points found by rules or told by anyone, their corrections, and what was learnt.

Words: finding 短板, correction 整改, weak point 反映的问题.
"""
