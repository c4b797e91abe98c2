from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    name = "lachan.outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules(
            "handlers",
            "tasks",
            "start_cards",
            "panels",
            "policy",
            "status",
            "menu",
            "audit_actions",
        )
