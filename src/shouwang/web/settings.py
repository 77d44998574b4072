"""Settings. Everything an operator may change is an environment variable listed in docs/operations.md."""

from __future__ import annotations

import secrets
from pathlib import Path

from shouwang import __version__
from shouwang.core import env

PACKAGE = Path(__file__).resolve().parent.parent
HOME = env.home()
VERSION = __version__

DEBUG = env.flag("SHOUWANG_DEBUG", False)
# Without a key file every process invents its own key: sessions then end with it, and `shouwang doctor` says so.
SECRET_KEY = env.secret_key(HOME) or secrets.token_urlsafe(48)
ALLOWED_HOSTS = env.words("SHOUWANG_HOSTS", ("127.0.0.1", "localhost", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("SHOUWANG_ORIGINS", ())
HTTPS = env.flag("SHOUWANG_HTTPS", False)
PROXIES = env.networks("SHOUWANG_PROXIES")

ROOMS = ["core", "org", "checkins", "cases", "tracing", "isolation", "surveys", "outreach", "command", "api", "web"]
INSTALLED_APPS = [
    *(f"shouwang.{room}" for room in ROOMS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "ninja",  # its page of the API, from our own static files as the policy demands
    "django_tasks",
    "django_tasks_db",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "shouwang.web.middleware.security_headers",  # before static files: a drawing opened by itself is a document too
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "shouwang.web.middleware.actor",
    "shouwang.web.middleware.password_first",
    "shouwang.web.middleware.refusals",
]
ROOT_URLCONF = "shouwang.web.urls"
ASGI_APPLICATION = "shouwang.web.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "shouwang.web.context.shell",
            ],
            "builtins": ["shouwang.web.templatetags.shell", "django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

DATABASES = {"default": env.database(env.text("SHOUWANG_DATABASE_URL"), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

AUTH_USER_MODEL = "org.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "web:login"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:login"

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # 30 days: a healthy day is one tap, not a login
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = env.text("SHOUWANG_TIME_ZONE", "Asia/Shanghai")
USE_I18N = USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"/static/web/vendor/[a-z-]+-\d[^/]*/"  # the folder names the version
FILES_ROOT = HOME / "files"
SEGMENTS_ROOT = HOME / "segments"
LAKE_ROOT = Path(where).expanduser().resolve() if (where := env.text("SHOUWANG_LAKE")) else None  # beside the segments
SPARK_MASTER = env.text("SHOUWANG_SPARK_MASTER") or "local[*]"
PACKS_ROOT = HOME / "packs"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
IMPORT_MAX_BYTES = env.integer("SHOUWANG_IMPORT_MAX_MB", 512, low=1, high=10_000) * 1024 * 1024

INSTITUTION = env.text("SHOUWANG_INSTITUTION")
PUBLIC_ADDRESS = env.text("SHOUWANG_ADDRESS").rstrip("/")  # before the paths in messages; without it they hold no link
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("SHOUWANG_LOG_LEVEL", "WARNING")},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
