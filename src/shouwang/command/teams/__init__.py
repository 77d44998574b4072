"""Teams: task teams and temporary Party organisations set up at key positions, who serves in them, and what they did.

Words: team 专班/临时党组织, secondment 抽调, duty 值守, proposal 组建建议, service record 纪实.
"""
