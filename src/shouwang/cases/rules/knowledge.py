"""What a pack knows of its disease and acts on nobody: how it spreads, how long things take, which forms are asked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from django.utils.translation import gettext

from shouwang.core.packs import Pack, Text

Days = Annotated[float, msgspec.Meta(ge=0, le=36_600)]


class Transmission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[transmission]: the routes, the main one first, and a sentence about them."""

    routes: tuple[Literal["droplet", "airborne", "contact", "faecal_oral", "food_water", "vomit"], ...]
    text: Text
    source: str

    def __post_init__(self) -> None:
        if not self.routes or len(set(self.routes)) != len(self.routes):
            raise ValueError(gettext("routes names at least one route, each once"))


class Delay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[delays]], in days. What a source does not state is left out; `distribution` with what it states.

    `low_days` and `high_days` are the range the source calls usual or possible, as `note` says.
    """

    kind: Literal["incubation", "serial_interval", "infectious_period", "latent_period"]
    source: str
    distribution: Literal["lognormal", "gamma", "weibull", "normal"] | None = None
    mean_days: Days | None = None
    sd_days: Days | None = None
    median_days: Days | None = None
    low_days: Days | None = None
    high_days: Days | None = None
    note: Text | None = None

    def __post_init__(self) -> None:
        rising = [value for value in (self.low_days, self.median_days, self.high_days) if value is not None]
        if rising != sorted(rising):
            raise ValueError(gettext("low_days, median_days and high_days must rise"))
        if self.mean_days is None and not rising:
            raise ValueError(gettext("a delay needs a mean, a median or a range; leave it out where none is known"))


class Cluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[clusters]]: so many cases within so many days in one unit are to be reported as `then` says."""

    unit: Literal["dorm_or_class", "class", "school"]
    cases: Annotated[int, msgspec.Meta(ge=2, le=10_000)]
    days: Annotated[int, msgspec.Meta(ge=1, le=366)]
    then: Text
    source: str


class FormNeeded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[forms]]: a form this disease asks for and when. `survey` is the code of a ready-made survey form."""

    code: str
    name: Text
    when: Text
    source: str
    survey: str = ""


class Prevention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[prevention]]: advice to everybody, with where it comes from."""

    text: Text
    source: str


class Knowledge(msgspec.Struct, frozen=True):
    transmission: Transmission | None
    delays: tuple[Delay, ...]
    clusters: tuple[Cluster, ...]
    forms: tuple[FormNeeded, ...]
    prevention: tuple[Prevention, ...]


def knowledge(pack: Pack) -> Knowledge:
    """All of it; what a pack leaves out is not known. PackError names the place in the file."""
    return Knowledge(
        pack.optional("transmission", Transmission),
        pack.optional("delays", tuple[Delay, ...]) or (),
        pack.optional("clusters", tuple[Cluster, ...]) or (),
        pack.optional("forms", tuple[FormNeeded, ...]) or (),
        pack.optional("prevention", tuple[Prevention, ...]) or (),
    )
