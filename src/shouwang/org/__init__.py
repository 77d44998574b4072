"""Org: who and where.

Owns: the organisation tree, people and their dated memberships and situations, the place tree and who lives where,
responsibility (who answers for each organisation and place), accounts and roles.
Words: organisation 组织, person 人员, membership 隶属, place 场所, responsibility 责任田.
May import: core.
"""
