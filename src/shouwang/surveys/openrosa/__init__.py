"""The doors of ODK Collect: form list, form, submission (OpenRosa 1.0), so that a survey can be filled in offline.

No session and no cookie opens them: only a name with its password or a token, in the header of each request. That is
why they may do without CSRF tokens.
"""
