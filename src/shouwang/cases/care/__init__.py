"""Care of a case from the first treatment to the way back: referral, treatment, discharge, follow-up, return.

Words: *care* 诊治, what is kept of one case once it is looked after; *referral* 转诊, with its log of steps (ambulance
and hospital); *leave* 病假, absent until, told without the reason; *visit* 恢复期随访; *complication* 迟发并发症, which
takes care up again; *clearance* 复课证明, reviewed by a person, revocable, verified without a diagnosis.
Stands on cases, its laboratory and checkins; what rooms above know (orders, contacts) they tell through `sources`.
"""
