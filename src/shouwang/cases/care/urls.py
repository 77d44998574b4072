"""Addresses of care."""

from __future__ import annotations

from django.urls import path

from shouwang.cases.care.views import care, referrals, returns

urlpatterns = [
    path("care/", care.desk, name="care_desk"),
    path("care/mine/", returns.mine, name="my_care"),
    path("care/mine/<int:care_id>/object/", returns.object_to, name="my_care_object"),
    path("care/referrals/<int:referral_id>/", referrals.referral, name="referral"),
    path("care/referrals/<int:referral_id>/step/", referrals.step, name="referral_step"),
    path("care/referrals/<int:referral_id>/link/", referrals.link, name="referral_link"),
    path("care/referrals/<int:referral_id>/note/", referrals.note, name="referral_note"),
    path("care/referrals/<int:referral_id>/note/file/", referrals.note_file, name="referral_note_file"),
    path("care/steps/<int:step_id>/", referrals.correct_step, name="correct_step"),
    path("care/treatments/<int:treatment_id>/", referrals.correct_treatment, name="correct_treatment"),
    path("care/discharges/<int:discharge_id>/", referrals.correct_discharge, name="correct_discharge"),
    path("care/visits/<int:visit_id>/", care.visit, name="visit"),
    path("care/returns/<int:clearance_id>/", returns.certificate, name="certificate"),
    path("care/returns/<int:clearance_id>/file/", returns.certificate_file, name="certificate_file"),
    path("care/returns/<int:clearance_id>/revoke/", returns.revoke, name="certificate_revoke"),
    # Without signing in: what stands on the paper, or in the link, is the pass.
    path("care/check/", returns.check, name="check"),
    path("care/check/<str:code>/", returns.check, name="check_code"),
    path("care/hospital/<str:link>/", referrals.hospital, name="hospital"),
    path("<int:case_id>/care/", care.care, name="care"),
    path("<int:case_id>/care/return/", care.review, name="care_return"),
    path("<int:case_id>/care/<slug:act>/", care.act, name="care_act"),
]
