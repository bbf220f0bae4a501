"""Django settings of the stand-in: nothing but what serving read-only JSON needs.

No sessions, users, CSRF or conditional requests: Launch Library's answers carry `Vary: Accept` and
no validators, and so must these.
"""

SECRET_KEY = "not a secret: nothing is signed here"
DEBUG = False
ALLOWED_HOSTS = ["*"]
# `surface` stands here for the sake of the tables that are made from it (see index.py).
INSTALLED_APPS = ["sandbox", "sandbox.surface", "rest_framework", "django_filters"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "sandbox.urls"
APPEND_SLASH = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

# Django keeps one connection per thread. SQLite's memdb gives all of them one database in this
# process's memory: nothing is left on disk, and unlike `mode=memory&cache=shared` a reader that
# meets a writer waits instead of failing. It lives as long as one connection is open; the main
# thread's is. Threads keep theirs between requests and close it when they end (see server.py).
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "file:/sandbox?vfs=memdb",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"timeout": 30},
    }
}

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

REST_FRAMEWORK = {
    # JSON first: it answers `Accept: */*` and callers that send no Accept at all.
    "DEFAULT_RENDERER_CLASSES": [
        "sandbox.stamps.Renderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": ["sandbox.throttle.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": ["sandbox.throttle.CallThrottle"],
    "DEFAULT_PAGINATION_CLASS": "sandbox.pagination.Pagination",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "sandbox.filters.PhraseSearchFilter",
        "sandbox.filters.TotalOrderingFilter",
    ],
    "EXCEPTION_HANDLER": "sandbox.views.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # The address of the connection, never X-Forwarded-For: upstream's edge sets that itself, so a
    # caller cannot get a fresh quota by writing a header.
    "NUM_PROXIES": 0,
}

# Keys that `Authorization: Token ...` may carry. Each has its own quota.
SANDBOX_TOKENS = ("sandbox-key-one", "sandbox-key-two", "sandbox-key-three")

# DEBUG is off, so Django would swallow tracebacks; a bug in the stand-in must be seen.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
}
