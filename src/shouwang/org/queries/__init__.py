"""The only reads of org, a noun a file. What an actor may not see is not fetched."""

from shouwang.org.queries.scope import (
    account_by_token,
    account_to_sign_in,
    actor_for,
    current,
    organisation_for,
    person_by_number,
    person_for,
    place_for,
    places,
    reachable,
    responsible_for,
    uncovered_organisations,
    uncovered_places,
    visible_organisations,
    visible_people,
)

__all__ = [
    "account_by_token",
    "account_to_sign_in",
    "actor_for",
    "current",
    "organisation_for",
    "person_by_number",
    "person_for",
    "place_for",
    "places",
    "reachable",
    "responsible_for",
    "uncovered_organisations",
    "uncovered_places",
    "visible_organisations",
    "visible_people",
]
