"""Accounts, the roles granted to them over parts of the tree, and their API tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.org.models.people import Person
from shouwang.org.models.trees import Organisation


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Account:
        account = self.model(username=username, **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """Somebody who can sign in. What they may do is in `Grant`; there is no superuser flag."""

    username = models.CharField(_("user name"), max_length=60, unique=True)
    person = models.OneToOneField(Person, models.CASCADE, null=True, blank=True, related_name="account")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)
    failed_logins = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[AccountManager] = AccountManager()

    def __str__(self) -> str:
        return self.username


class AddressTries(models.Model):
    """Wrong passwords from one network address (of IPv6 the /64 network), counted in a window."""

    address = models.CharField(max_length=45, unique=True)
    failed = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    rests_until = models.DateTimeField(null=True, blank=True)
    purge_on = models.DateField(db_index=True)

    def __str__(self) -> str:
        return self.address


class Grant(models.Model):
    """A role over an organisation's subtree, from–to. Which rights a role carries is in `org.rules`."""

    class Role(models.TextChoices):
        MONITOR = "monitor", _("class monitor")
        COUNSELLOR = "counsellor", _("counsellor or unit secretary")
        CLINIC = "clinic", _("campus clinic")
        TRACER = "tracer", _("contact tracer")
        GUARD = "guard", _("gate guard")
        KEEPER = "keeper", _("logistics keeper")
        OFFICE = "office", _("leading-group office")
        LEADER = "leader", _("leader")
        ADMINISTRATOR = "administrator", _("administrator")

    account = models.ForeignKey(Account, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=14, choices=Role.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="grants")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["account", "role"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="grant_end_after_start"
            ),
            models.UniqueConstraint(
                fields=["account", "role", "organisation"], condition=Q(ends__isnull=True), name="grant_once"
            ),
        ]


class ApiToken(models.Model):
    """A bearer token of an account. Only its SHA-256 is stored: 256 random bits need no slow hash."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)
