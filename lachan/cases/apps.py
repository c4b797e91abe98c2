from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "lachan.cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import handlers, tasks  # noqa: F401  they register themselves
