from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "lachan.reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import waiting  # noqa: F401  it registers itself
