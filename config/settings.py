"""Every setting, read from the environment. `.env.example` lists the variables, one line each."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF

from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
# FileAwareEnv also reads NAME from the file that NAME_FILE points to (container secrets).
env = environ.FileAwareEnv()

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
LIVE_PORT = env.int("LIVE_PORT", default=0)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = False

INSTALLED_APPS = [
    "workspaces",
    "contacts",
    "templates_mgmt",
    "inbox",
    "broadcasts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_htmx",
    "django_rq",
    "template_partials.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.permissions_policy",
    # Hooks and the health check end here: no session, no sign-in, no CSP, several times as many a second.
    "config.middleware.early_paths",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.request_id",
    "csp.middleware.CSPMiddleware",
    "config.middleware.DatabaseDown",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.session_limits.session_limits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

_loaders: list[Any] = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
if not DEBUG:
    _loaders = [("django.template.loaders.cached.Loader", _loaders)]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", _loaders)],
            "builtins": ["template_partials.templatetags.partials"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

STATEMENT_TIMEOUT_SECONDS = env.int("STATEMENT_TIMEOUT_SECONDS", default=5)
POOL_SIZE = env.int("POOL_SIZE", default=16)


def _database(name: str, *, pooled: bool, default: Any = environ.Env.NOTSET) -> dict[str, Any]:
    engine = "config.postgres" if pooled else "django.db.backends.postgresql"
    limits = f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s -c lock_timeout=3s" if pooled else "-c lock_timeout=3s"
    options: dict[str, Any] = {"connect_timeout": 3, "application_name": "carillon", "options": limits}
    if pooled:
        # After an outage the pool retries ever more slowly; a short reconnect_timeout makes it start over instead.
        options["pool"] = {"min_size": 0, "max_size": POOL_SIZE, "timeout": 3, "reconnect_timeout": 2}
    database = env.db_url(name, default=default, engine=engine)
    return {**database, "CONN_MAX_AGE": 0, "OPTIONS": options, "CONN_HEALTH_CHECKS": pooled}


DATABASES = {
    "default": _database("DATABASE_URL", pooled=True),
    # Migrations only: the role that owns the tables.
    "owner": _database("DATABASE_OWNER_URL", pooled=False, default=env.str("DATABASE_URL")),
}

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {"BACKEND": "config.softcache.SoftCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "cache", "TIMEOUT": 300}
}
_queues = ("inbound", "live", "default", "broadcasts", "bulk")
RQ_QUEUES = {name: {"URL": REDIS_URL, "DEFAULT_TIMEOUT": 300} for name in _queues}
RQ = {"QUEUE_CLASS": "config.queues.JSONQueue", "WORKER_CLASS": "rq.SimpleWorker"}

AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", default=True)
MFA_REQUIRED_ROLES = env.list("MFA_REQUIRED_ROLES", default=["owner", "admin", "marketer"])

ACCOUNT_ADAPTER = "workspaces.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "workspaces.forms.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(BASE_URL).scheme
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
MFA_ADAPTER = "workspaces.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Carillon"
MFA_RECOVERY_CODES_SHOW_ONCE = True
USERSESSIONS_TRACK_ACTIVITY = False  # one write less per page; Carillon keeps its own last-seen time

# The lock is kept in PostgreSQL, so it outlives a restart or a flush of Valkey.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "login"
AXES_CLIENT_IP_CALLABLE = "config.client_address.client_address"
AXES_SENSITIVE_PARAMETERS = ["password", "login", "code"]
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "account/locked.html"

SECURE_COOKIES = env.bool("SECURE_COOKIES", default=True)
_cookie_prefix = "__Host-" if SECURE_COOKIES else ""
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # a dead Valkey must not sign anybody out
SESSION_COOKIE_NAME = f"{_cookie_prefix}session"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())  # idle; config/session_limits.py has the rest
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrf"
CSRF_COOKIE_HTTPONLY = False  # htmx copies it into its header at the moment of sending

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
_static = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else _static},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
_uploadhandler = "django.core.files.uploadhandler"
FILE_UPLOAD_HANDLERS = ["workspaces.uploads.BoundedUpload", f"{_uploadhandler}.TemporaryFileUploadHandler"]
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "media"))
ERASURE_LOG = env.str("ERASURE_LOG", default="") or str(Path(MEDIA_ROOT) / "erasures.jsonl")

SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Whether HSTS covers the operator's other subdomains is theirs to decide at the proxy.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
_live = urlsplit(BASE_URL)
_live_origins = [f"{_live.scheme}://{host}:{LIVE_PORT}" for host in ALLOWED_HOSTS] if LIVE_PORT else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF, *_live_origins],
        "form-action": [SELF],
        "manifest-src": [SELF],
        **{name: [NONE] for name in ("base-uri", "frame-ancestors", "object-src")},
    }
}
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS")

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Carillon <carillon@localhost>")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "config.logs.configure"
LOGGING = logging_config(LOG_LEVEL, readable=DEBUG)

PROVIDER_BASE_URLS = env.list("PROVIDER_BASE_URLS", default=["https://graph.facebook.com/v23.0"])
SIMULATOR_URL = env.str("SIMULATOR_URL", default="")
SEND_LEASE_SECONDS = env.int("SEND_LEASE_SECONDS", default=60)
SEND_ANSWER_SECONDS = env.int("SEND_ANSWER_SECONDS", default=20)
SEND_UNKNOWN_AFTER_SECONDS = env.int("SEND_UNKNOWN_AFTER_SECONDS", default=90)
SEND_SETTLE_AFTER_SECONDS = env.int("SEND_SETTLE_AFTER_SECONDS", default=600)
SEND_CONTROL_WINDOW_SECONDS = env.int("SEND_CONTROL_WINDOW_SECONDS", default=1800)
SEND_CONTROL_MARGIN_SECONDS = env.int("SEND_CONTROL_MARGIN_SECONDS", default=60)
SEND_GIVE_UP_HOURS = env.float("SEND_GIVE_UP_HOURS", default=24)
SEND_APART_SECONDS = env.float("SEND_APART_SECONDS", default=60)
SEND_CONCURRENCY = env.int("SEND_CONCURRENCY", default=768)
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=3)
STARTING_CREDITS = env.int("STARTING_CREDITS", default=1000)
