"""Cases: a person with a disease, what is known and when it became known, and the clocks that run on it.

Owns: cases, their classification history, their dates, the four-earlies clocks.
Words: case 病例 (suspected 疑似, probable 临床诊断, confirmed 确诊, asymptomatic 无症状, discarded 排除),
clock 四早时钟, desk 病例工作台 (the list of cases), protocol (what this room takes from a disease pack).
May import: checkins, org, core.
"""
