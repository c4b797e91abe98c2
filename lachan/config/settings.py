"""Settings: the composition root in one short file. What may be set stands in docs/howto/settings.md."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from lachan.config import catalogues, environment
from lachan.kernel.home import secret_new

LACHAN_HOME = environment.HOME
SECRET_FOUND = environment.SECRET
# Only an empty database gets a new one that is kept (prepare.py).
SECRET_KEY = SECRET_FOUND or secret_new()
SECRET_KEY_FALLBACKS = list(environment.FORMER_SECRETS)
DEBUG, HTTPS = environment.DEBUG, environment.HTTPS
ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS = environment.HOSTS, environment.ORIGINS

INSTALLED_APPS = [
    # The rooms, found by themselves; first, so that their templates stand before a library's.
    *sorted(f"lachan.{p.parent.name}" for p in Path(__file__).parent.parent.glob("*/apps.py")),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "lachan.web.middleware.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lachan.web.middleware.HeadMiddleware",
    "lachan.web.middleware.LineEndsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "lachan.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # The one that is nearer to the view hears of an exception first: a locked key leads to the password.
    "lachan.web.middleware.ErrorsMiddleware",
    "lachan.members.middleware.ActorMiddleware",
    "lachan.family.middleware.HouseholdMiddleware",
    "lachan.web.middleware.FormOwnersMiddleware",
    "lachan.web.repeats.RepeatsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "lachan.config.urls"
WSGI_APPLICATION = "lachan.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "lachan.members.context.people_and_lines",
            ],
            "builtins": ["lachan.web.templatetags.sent"],
        },
    }
]


def _database() -> dict[str, Any]:
    if environment.POSTGRESQL is not None:
        return {
            "ENGINE": "django.db.backends.postgresql",
            **environment.POSTGRESQL,
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": LACHAN_HOME / "db.sqlite3",
        "CONN_MAX_AGE": None,
        # Tests use threads and processes: a file, as in life, not a shared cache in memory.
        "TEST": {"NAME": LACHAN_HOME / "test.sqlite3"},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # NORMAL bears a killed process; what must bear a power cut too asks for outbox's `durable`.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            " PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;",
        },
    }


DATABASE_URL = environment.DATABASE_URL
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "members.Person"
LOGIN_URL = "/staff/sign-in/"
LOGIN_REDIRECT_URL = "/staff/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "MinimumLengthValidator": {"min_length": 12},
        "CommonPasswordValidator": {},
        "UserAttributeSimilarityValidator": {"user_attributes": ("email", "name")},
    }.items()
]
PASSWORD_HASHERS = ["lachan.members.hashers.TurnsArgon2PasswordHasher"]
# allauth gives the second factors; our own pages ask for them, and nobody signs up by themselves.
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "lachan.members.entry.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # phones run late, people type slowly
MFA_TOTP_ISSUER = "Lá Chắn"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # localhost, in development
SESSION_ENGINE = "lachan.members.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
# Gone with the browser window: for a year it would tell on a shared phone that somebody was here.
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "lachan.web.views.csrf_failed"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = False  # the proxy's task (deploy/)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_HANDLERS: list[str] = []  # nothing takes a file: an upload never reaches disk
MAIL_SERVER, MAIL_FROM = environment.MAIL_SERVER, environment.MAIL_FROM
PUSH_CONTACT, PUSH_SERVICES = environment.PUSH_CONTACT, environment.PUSH_SERVICES
REPORTS_BUSY_PER_MINUTE = environment.BUSY_PER_MINUTE
FAMILY_WAYS = environment.DNS_WAYS
FAMILY_SCHOOL_NETWORKS = environment.SCHOOL_NETWORKS

USE_TZ = True
TIME_ZONE = environment.COUNTRY.zone.key
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English")), ("fr", _("French"))]
# What a visitor reads who has not chosen: the country's own language, as far as there is a catalogue.
LANGUAGE_CODE = next((one for one in environment.COUNTRY.languages if one in dict(LANGUAGES)), "en")
LANGUAGE_COOKIE_NAME = "lang"
LOCALE_PATHS = [catalogues.ensure_compiled()]
FORMAT_MODULE_PATH = "lachan.config.formats"

STATIC_URL = "/static/"
STATIC_ROOT = LACHAN_HOME / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

# Only levels, names and identifiers reach the log: no request line, address or body (docs/threat-model.md).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"private": {"()": "lachan.web.logs.PrivateFilter"}},
    "handlers": {
        "stderr": {
            "class": "lachan.web.logs.CountingHandler",
            "formatter": "line",
            "filters": ["private"],
        }
    },
    "root": {"handlers": ["stderr"], "level": environment.LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # What visitors got wrong is their affair: a line would keep the moment, and anybody could fill the disk.
        "django.request": {"level": "ERROR"},
    },
}
